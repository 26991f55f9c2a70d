import { createWriteStream } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Fault, isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { hostFault } from '#host/durable.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { run } from '#host/run.ts'
import { toolEnvironment } from './connection.ts'
import type { DatabaseSection } from './database-section.ts'
import type { StageOptions, StageWork } from './stage-options.ts'
import { loadSettings } from './stage-session.ts'

export type DumpSection = 'pre-data' | 'data' | 'post-data'

export interface SpooledDump extends AsyncDisposable {
  readonly file: string
}

/** pg_restore seeks in its archive, so it gets a file: in a directory of ours (0700), removed with the scope. */
export async function spoolDump(
  { stored, spoolIn = tmpdir() }: Pick<StageOptions, 'stored' | 'spoolIn'>,
  signal?: AbortSignal,
): Promise<SpooledDump> {
  const folder = await mkdtemp(path.join(spoolIn, 'integrum-stage-'))
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

/** Runs pg_restore into the staging database. DATABASE_TOOL with its message when it fails; lenient, the entries that the server refused. */
export async function restoreSection(
  work: StageWork,
  section: DumpSection,
  choice: RestoreChoice,
  signal?: AbortSignal,
): Promise<DumpEntry[]> {
  if (choice.entries?.length === 0) return []
  // A list sorts what it leaves out before itself, and a grant or comment counts to the section of whatever stands before
  // it: with both, pg_restore would pass over one that heads the list.
  const args = [...(choice.entries === undefined ? [`--section=${section}`] : []), '--dbname', work.stage.database]
  if (choice.isLenient !== true) args.push('--exit-on-error')
  if (choice.jobs !== undefined && choice.jobs > 1) args.push('--jobs', String(choice.jobs))
  args.push(...(await entryArguments(work, choice.entries)), ...work.restoreArguments, work.dumpFile)
  const { exitCode, stderr } = await restoreTool(work, args, signal, choice.isLenient)
  return exitCode === 0 ? [] : await refusedEntries(work, choice.entries ?? [], { stderr, signal })
}

/**
 * Since 15.14 pg_restore frames its text in `\restrict TOKEN` and `\unrestrict TOKEN`, which are psql's and no SQL. The
 * token is random, so that a line of a function's body is never taken for one.
 */
export function restoreText(text: string): string {
  const token = /^\\restrict (\w+)$/m.exec(text)?.[1]
  return token === undefined ? text : text.replaceAll(new RegExp(`^\\\\(?:un)?restrict ${token}$`, 'gm'), '')
}

/** The SQL text of some entries, as pg_restore would run it. */
export async function printEntries(work: StageWork, entries: readonly DumpEntry[], signal?: AbortSignal): Promise<string> {
  if (entries.length === 0) return ''
  const args = [...(await entryArguments(work, entries)), ...work.restoreArguments, '--file', '-', work.dumpFile]
  return (await restoreTool(work, args, signal)).stdout
}

/** Two may be read at once. */
let lists = 0

async function entryArguments(work: StageWork, entries: readonly DumpEntry[] | undefined): Promise<string[]> {
  if (entries === undefined) return []
  const list = path.join(path.dirname(work.dumpFile), `entries-${(lists += 1)}.list`)
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

/** With several jobs pg_restore tells the statement that failed, not its entry; the entry is the one that holds it. */
async function refusedEntries(
  work: StageWork,
  entries: readonly DumpEntry[],
  { stderr, signal }: { stderr: string; signal: AbortSignal | undefined },
): Promise<DumpEntry[]> {
  const commands = stderr
    .split(/^pg_restore: /m)
    .map((message) => /^Command was: ([\s\S]*)$/m.exec(message)?.[1]?.trim())
    .filter((command) => command !== undefined && command !== '')
  const refused = new Set<DumpEntry>()
  const texts = await textOfEach(work, entries, signal)
  for (const command of commands) {
    const entry = entries.find(({ id }) => texts.get(id)?.includes(command!))
    if (!entry) throw new Fault('DATABASE_TOOL', `pg_restore failed: ${firstError(stderr)}`)
    refused.add(entry)
  }
  if (refused.size === 0 || stderr.length >= limits.toolOutputBytesMax)
    throw new Fault('DATABASE_TOOL', `pg_restore failed: ${firstError(stderr)}`)
  return entries.filter((entry) => refused.has(entry))
}

/** Verbose, pg_restore writes `-- TOC entry 4034 (class 2606 OID 16405)` above each. */
export async function textOfEach(
  work: StageWork,
  entries: readonly DumpEntry[],
  signal: AbortSignal | undefined,
): Promise<Map<number, string>> {
  const args = [...(await entryArguments(work, entries)), ...work.restoreArguments, '--verbose', '--file', '-', work.dumpFile]
  const { stdout } = await restoreTool(work, args, signal)
  const parts = restoreText(stdout).split(/^-- TOC entry (\d+) \(class \d+ OID \d+\)$/m)
  const texts = new Map<number, string>()
  for (let at = 1; at < parts.length; at += 2) texts.set(Number(parts[at]), parts[at + 1]!)
  return texts
}
