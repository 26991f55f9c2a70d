import { createWriteStream } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Fault, isFault } from '#base/fault.ts'
import { hostFault } from '#host/durable.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { run } from '#host/run.ts'
import type { StoredSource } from '../source.ts'
import { toolEnvironment } from './connection.ts'
import type { DatabaseSection } from './database-section.ts'
import type { StageWork } from './stage-options.ts'
import { loadSettings } from './stage-session.ts'

export type DumpSection = 'pre-data' | 'data' | 'post-data'

export interface SpooledDump extends AsyncDisposable {
  readonly file: string
}

/** pg_restore seeks in its archive, so it gets a file: in a directory of ours (0700), removed with the scope. */
export async function spoolDump(stored: StoredSource, signal?: AbortSignal): Promise<SpooledDump> {
  const folder = await mkdtemp(path.join(tmpdir(), 'integrum-stage-'))
  await using undo = new AsyncDisposableStack()
  undo.defer(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o700)
  const file = path.join(folder, 'rest.dump')
  try {
    const content = await stored.file('rest.dump', signal)
    await pipeline(content.read(signal), createWriteStream(file, { mode: 0o600 }), { signal })
  } catch (error) {
    throw isFault(error) || signal?.aborted ? error : hostFault(error, `rest.dump cannot be spooled to ${folder}`)
  }
  const kept = undo.move()
  return { file, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** One entry of the archive's table of contents, as `pg_restore --list` prints it. */
export interface DumpEntry {
  readonly id: number
  /** `TABLE`, `EVENT TRIGGER`, `COMMENT` … with the name that follows it. */
  readonly text: string
}

export async function listDump(work: StageWork, section: DumpSection, signal?: AbortSignal): Promise<DumpEntry[]> {
  const { stdout } = await restoreTool(work, [`--section=${section}`, '--list', work.dumpFile], signal)
  return [...stdout.matchAll(/^(\d+); \d+ \d+ (.*)$/gm)].map(([, id, text]) => ({ id: Number(id), text: text! }))
}

export interface RestoreChoice {
  readonly jobs?: number
  /** Only these, in this order; all of the section otherwise. */
  readonly entries?: readonly DumpEntry[]
  /** Go on after an entry that fails. */
  readonly isLenient?: boolean
}

/** An entry that the server refused. */
export interface RefusedEntry {
  readonly id: number
  readonly message: string
}

/** Runs pg_restore into the staging database. DATABASE_TOOL with its message when it fails, unless lenient. */
export async function restoreSection(
  work: StageWork,
  section: DumpSection,
  choice: RestoreChoice,
  signal?: AbortSignal,
): Promise<RefusedEntry[]> {
  if (choice.entries?.length === 0) return []
  const args = [`--section=${section}`, '--dbname', work.stage.database]
  if (choice.isLenient !== true) args.push('--exit-on-error')
  if (choice.jobs !== undefined && choice.jobs > 1) args.push('--jobs', String(choice.jobs))
  args.push(...(await entryArguments(work, choice.entries)), ...work.restoreArguments, work.dumpFile)
  const { exitCode, stderr } = await restoreTool(work, args, signal, choice.isLenient)
  return exitCode === 0 ? [] : refusedIn(stderr)
}

/** The SQL text of some entries, as pg_restore would run it. */
export async function printEntries(work: StageWork, entries: readonly DumpEntry[], signal?: AbortSignal): Promise<string> {
  if (entries.length === 0) return ''
  const args = [...(await entryArguments(work, entries)), ...work.restoreArguments, '--file', '-', work.dumpFile]
  return (await restoreTool(work, args, signal)).stdout
}

async function entryArguments(work: StageWork, entries: readonly DumpEntry[] | undefined): Promise<string[]> {
  if (entries === undefined) return []
  const list = path.join(path.dirname(work.dumpFile), 'entries.list')
  await writeFile(list, entries.map(({ id, text }) => `${id}; 0 0 ${text}\n`).join(''), { mode: 0o600 })
  return ['--use-list', list]
}

async function restoreTool(work: StageWork, args: readonly string[], signal?: AbortSignal, isLenient = false) {
  const program = path.join(assertFound(restorePrograms(work.options.section)).folder, 'pg_restore')
  const result = await run(program, args, { env: toolEnvironment(work.stage, loadSettings(work.stage)), signal })
  if (result.exitCode !== 0 && !(isLenient && /errors ignored on restore/.test(result.stderr))) {
    throw new Fault('DATABASE_TOOL', `pg_restore failed: ${firstError(result.stderr)}`, { exitCode: result.exitCode })
  }
  return result
}

/** pg_restore must know the archive format of the pg_dump that wrote it. */
export function restorePrograms(section: Pick<DatabaseSection, 'clientVersion'>) {
  return postgresPrograms('pg_restore', Number(/\d+/.exec(section.clientVersion)?.[0] ?? 0))
}

function firstError(stderr: string): string {
  const lines = stderr.split('\n')
  const at = lines.findIndex((line) => /error:/.test(line))
  return lines
    .slice(Math.max(at, 0), Math.max(at, 0) + 4)
    .join(' ')
    .trim()
}

/** `pg_restore: from TOC entry 4034; 2606 16405 FK CONSTRAINT …` stands before the error of each. */
function refusedIn(stderr: string): RefusedEntry[] {
  const refused = new Map<number, string>()
  let id: number | undefined
  for (const line of stderr.split('\n')) {
    const entry = /from TOC entry (\d+);/.exec(line)
    if (entry) id = Number(entry[1])
    const error = /error: (.*)$/.exec(line)
    if (error && id !== undefined && !refused.has(id)) refused.set(id, error[1]!)
  }
  return [...refused].map(([entryId, message]) => ({ id: entryId, message }))
}
