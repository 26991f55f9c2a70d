import path from 'node:path'
import { Fault } from '#base/fault.ts'
import { postgresPrograms } from '#host/postgres-programs.ts'
import { run } from '#host/run.ts'

/** The programs that read one server: the newest installed of at least its major version. */
export interface ClientTools {
  readonly pgDump: string
  readonly majorVersion: number
  /** As `pg_dump --version` says it. */
  readonly version: string
}

export const serverMajorVersionMin = 13

/**
 * pg_dump refuses a server newer than itself, and an older pg_dump would not know what the newer server holds.
 * Fault: DATABASE_VERSION when none fits, or when the server is older than PostgreSQL 13.
 */
export async function fittingClientTools(server: { readonly number: number; readonly text: string }): Promise<ClientTools> {
  const major = Math.floor(server.number / 10_000)
  if (major < serverMajorVersionMin) {
    const fact = `the server is PostgreSQL ${server.text}, the oldest that can be backed up is ${serverMajorVersionMin}`
    throw new Fault('DATABASE_VERSION', fact, { server: major, min: serverMajorVersionMin })
  }
  const found = postgresPrograms('pg_dump', major)
  if (!found) {
    const newest = postgresPrograms('pg_dump')?.majorVersion
    const installed = newest === undefined ? 'no pg_dump is installed' : `the newest pg_dump installed is ${newest}`
    throw new Fault('DATABASE_VERSION', `the server is PostgreSQL ${server.text}, ${installed}`, { server: major, pgDump: newest ?? null })
  }
  const pgDump = path.join(found.folder, 'pg_dump')
  const said = await run(pgDump, ['--version'], { env: { LC_ALL: 'C' } })
  if (said.exitCode !== 0) throw new Fault('DATABASE_TOOL', `${pgDump} --version failed: ${said.stderr.trim()}`)
  return { pgDump, majorVersion: found.majorVersion, version: said.stdout.trim().replace(/^pg_dump \(PostgreSQL\) /, '') }
}
