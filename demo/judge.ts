import assert from 'node:assert/strict'
import path from 'node:path'
import { Fault } from '#base/fault.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { run } from '#host/run.ts'

/**
 * Second opinions on "the same", from programs that are not ours: the text of `pg_dump` without its order, and what
 * `find` and `sha256sum` say of a tree. Each is one hash; equal hashes are equal things.
 */
export async function databaseFingerprint(socketDirectory: string, user: string, database: string): Promise<string> {
  const { folder } = assertFound(postgresPrograms('pg_dump'))
  // The \restrict lines hold a random token (PostgreSQL 15.14 and later).
  const text = `"${path.join(folder, 'pg_dump')}" -d "$DATABASE" | grep -v -e '^.restrict ' -e '^.unrestrict ' | sort | sha256sum`
  return await fingerprint(text, { PGHOST: socketDirectory, PGUSER: user, DATABASE: database })
}

/** Paths, types, modes, owners, times to the nanosecond, sizes, link targets, and the content of every file. */
export async function treeFingerprint(directory: string): Promise<string> {
  const text = `cd "$DIRECTORY" && { find . -printf '%p\\t%y\\t%m\\t%U:%G\\t%T@\\t%l\\0' | sort -z; find . -type f -print0 | sort -z | xargs -0 -r sha256sum -z; } | sha256sum`
  return await fingerprint(text, { DIRECTORY: directory })
}

async function fingerprint(text: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const result = await run('bash', ['-o', 'pipefail', '-c', text], { env: { PATH: process.env['PATH'], LC_ALL: 'C', ...variables } })
  if (result.exitCode !== 0) throw new Fault('DATABASE_TOOL', `the independent check failed: ${result.stderr.trim()}`)
  const hash = result.stdout.slice(0, 64)
  assert.match(hash, /^[0-9a-f]{64}$/)
  return hash
}
