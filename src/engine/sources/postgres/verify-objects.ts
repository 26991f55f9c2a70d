import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Fault } from '#base/fault.ts'
import { assertFound } from '#host/postgres-programs.ts'
import { run } from '#host/run.ts'
import { fittingClientTools } from './client-tools.ts'
import { toolEnvironment } from './connection.ts'
import { restorePrograms, spoolDump } from './stage-dump.ts'
import { loadSettings } from './stage-session.ts'
import type { ServerIdentity } from './server-identity.ts'
import type { VerifyWork } from './verify-work.ts'

/**
 * Every object, grant and comment of the backup's dump is in the staging database, and nothing else: PostgreSQL's own
 * tools list both, since rows alone would not tell that a trigger, a grant or a policy is missing. What the server refused
 * and a note names is not expected. Returns how many.
 */
export async function verifyObjects(
  work: VerifyWork,
  serverVersion: ServerIdentity['serverVersion'],
  signal: AbortSignal,
): Promise<number> {
  const wanted = difference(await listBackup(work, signal), work.refused)
  const found = await listStage(work, serverVersion, signal)
  const missing = difference(wanted, found)
  const surplus = difference(found, wanted)
  if (missing.length + surplus.length > 0) {
    const first = missing[0] === undefined ? `there is ${surplus[0]}, which the backup has not` : `${missing[0]} is missing`
    const fact = `${first}; ${missing.length} objects are missing from the staging database and ${surplus.length} are too many`
    throw new Fault('RESTORE_VERIFY', fact, { missing: missing.length, surplus: surplus.length })
  }
  return wanted.length
}

async function listBackup(work: VerifyWork, signal: AbortSignal): Promise<string[]> {
  await using dump = await spoolDump(work.options, signal)
  const entries = await listArchive(work, dump.file, signal)
  const roles = work.options.roles.filter((choice) => choice.kind === 'map')
  if (roles.length === 0) return entries
  // The owner stands last. Grants are rewritten inside their entry, which the list does not show.
  return entries.map((text) => {
    const mapped = roles.find(({ role }) => text.endsWith(` ${role}`))
    return mapped ? text.slice(0, -mapped.role.length) + mapped.to : text
  })
}

async function listStage(work: VerifyWork, serverVersion: ServerIdentity['serverVersion'], signal: AbortSignal): Promise<string[]> {
  const folder = await mkdtemp(path.join(work.options.spoolIn ?? tmpdir(), 'integrum-verify-'))
  try {
    const file = path.join(folder, 'stage.dump')
    const { pgDump } = await fittingClientTools(serverVersion)
    // As the backup's own dump was written, so that names compare.
    const encoding = work.options.section.properties.encoding === 'SQL_ASCII' ? [] : ['--encoding=UTF8']
    const dumped = await run(pgDump, ['-Fc', '--schema-only', ...encoding, '--file', file], {
      env: toolEnvironment(work.stage, loadSettings(work.stage)),
      signal,
    })
    if (dumped.exitCode !== 0) throw new Fault('DATABASE_TOOL', `pg_dump of the staging database failed: ${dumped.stderr.trim()}`)
    return await listArchive(work, file, signal)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

// What holds content is compared by its hash elsewhere; --schema-only leaves these out.
const isContent =
  /^(TABLE DATA|SEQUENCE SET|MATERIALIZED VIEW DATA|BLOB|BLOBS|BLOB METADATA) |^(ACL|COMMENT|SECURITY LABEL) - LARGE OBJECTS? /

async function listArchive(work: VerifyWork, file: string, signal: AbortSignal): Promise<string[]> {
  const program = path.join(assertFound(restorePrograms(work.options.section)).folder, 'pg_restore')
  const listed = await run(program, ['--list', file], { env: toolEnvironment(work.stage), signal })
  if (listed.exitCode !== 0) throw new Fault('DATABASE_TOOL', `pg_restore cannot list the archive: ${listed.stderr.trim()}`)
  return [...listed.stdout.matchAll(/^\d+; \d+ \d+ (.*)$/gm)].map(([, text]) => text!).filter((text) => !isContent.test(text))
}

function difference(one: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const text of other) left.set(text, (left.get(text) ?? 0) + 1)
  return one.filter((text) => {
    const count = left.get(text) ?? 0
    left.set(text, count - 1)
    return count <= 0
  })
}
