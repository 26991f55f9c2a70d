import path from 'node:path'
import { Fault, isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { startProgram } from '#host/run.ts'
import type { ClientTools } from './client-tools.ts'
import { toolEnvironment } from './connection.ts'
import type { ListedRelation } from './list-tables.ts'
import type { DatabaseTarget } from './target.ts'

export interface DumpOptions {
  readonly target: DatabaseTarget
  readonly tools: ClientTools
  readonly snapshot: string
  readonly encoding: string
  readonly applicationName: string
  readonly lockWaitMsMax: number
  readonly keepsLargeObjects: boolean
  /** What pg_dump says it left out, one line each. */
  readonly onOmitted: (line: string) => void
}

/**
 * `pg_dump --snapshot` in custom format without the rows of exactly `tables`: DDL, sequence values, large objects,
 * configuration tables of extensions, refreshes of materialized views, grants, comments. Uncompressed: the repository
 * compresses, and what is compressed already would never dedup.
 */
export function dumpRest(options: DumpOptions, tables: readonly ListedRelation[], signal: AbortSignal): AsyncIterable<Uint8Array> {
  const excluded = excludedPatterns(tables).map((pattern) => `--exclude-table-data=${pattern}`)
  return dump(options, ['--format=custom', '--compress=0', options.keepsLargeObjects ? '--blobs' : '--no-blobs', ...excluded], signal)
}

/**
 * The same DDL as text, for people and for the day on which pg_restore is missing. Printed from the beginning of the dump,
 * where its table of contents stands: asking the server for everything once more takes ten times as long. A second dump
 * where pg_restore cannot do it, as from a table of contents that is longer than what was kept.
 */
export async function* dumpSchema(options: DumpOptions, head: DumpHead, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const printed = await printSchema(options.tools, await head.bytes, signal)
  if (printed) yield printed
  else yield* dump(options, ['--format=plain', '--schema-only'], signal)
}

async function printSchema({ pgDump }: ClientTools, head: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const pgRestore = path.join(path.dirname(pgDump), 'pg_restore')
  const program = startProgram(pgRestore, ['--schema-only', '--file', '-'], { env: { LC_ALL: 'C' }, signal })
  // It stops reading behind the table of contents; its exit code tells, not the broken pipe.
  program.child.stdin?.on('error', () => {})
  program.child.stdin?.end(head)
  const parts: Uint8Array[] = []
  program.child.stdout?.on('data', (bytes: Uint8Array) => parts.push(bytes))
  try {
    const { exitCode } = await program.end()
    return exitCode === 0 ? Buffer.concat(parts) : undefined
  } catch (error) {
    if (isFault(error, 'TOOL_MISSING')) return undefined
    throw error
  }
}

/** Keeps the beginning of a dump that passes. */
export class DumpHead {
  readonly #whole = Promise.withResolvers<Uint8Array>()

  constructor() {
    // Nobody may be waiting when a capture fails.
    this.#whole.promise.catch(() => {})
  }

  /** Once the dump has passed. */
  get bytes(): Promise<Uint8Array> {
    return this.#whole.promise
  }

  async *along(dumped: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    const parts: Uint8Array[] = []
    let sizeBytes = 0
    for await (const bytes of dumped) {
      if (sizeBytes < limits.dumpHeadBytesMax) parts.push(bytes)
      sizeBytes += bytes.byteLength
      yield bytes
    }
    this.#whole.resolve(Buffer.concat(parts))
  }

  fail(error: unknown): void {
    this.#whole.reject(error)
  }
}

async function* dump(options: DumpOptions, format: readonly string[], signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const { target, tools, snapshot, encoding, applicationName, lockWaitMsMax, onOmitted } = options
  const args = [
    ...format,
    `--snapshot=${snapshot}`,
    `--lock-wait-timeout=${lockWaitMsMax}`,
    '--no-password',
    '--no-sync',
    // Names on the command line are UTF-8; a database of no encoding is read as it is.
    ...(encoding === 'SQL_ASCII' ? [] : ['--encoding=UTF8']),
  ]
  const environment = { ...toolEnvironment(target), PGAPPNAME: applicationName }
  const program = startProgram(tools.pgDump, args, { env: environment, signal })
  let isRead = false
  try {
    if (!program.child.stdout) throw new Error('pg_dump was started without an output')
    for await (const bytes of program.child.stdout) yield bytes as Uint8Array
    isRead = true
  } finally {
    if (!isRead) program.child.kill('SIGTERM')
  }
  const { exitCode, stderr } = await program.end()
  if (exitCode !== 0) throw dumpFault(stderr)
  for (const line of stderr.split('\n')) if (/not dumped/.test(line)) onOmitted(line.trim())
}

function dumpFault(stderr: string): Fault {
  const said = stderr.trim().slice(-2000)
  // --lock-wait-timeout is a statement_timeout of pg_dump's LOCK.
  if (/due to (lock|statement) timeout/.test(said)) return new Fault('DATABASE_LOCKED', `pg_dump could not lock a table in time: ${said}`)
  if (/permission denied/.test(said)) return new Fault('DATABASE_COVERAGE', `pg_dump may not read everything: ${said}`)
  return new Fault('DATABASE_TOOL', `pg_dump failed: ${said}`)
}

const namesInPattern = 200

/**
 * Patterns that match exactly these tables (psql "Patterns"). Within double quotes every character stands for itself and
 * a quote is doubled. pg_dump asks the server once per pattern, so plain names share one: `"schema".(a|b|c)`.
 */
export function excludedPatterns(tables: readonly ListedRelation[]): string[] {
  const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
  const patterns: string[] = []
  const plain = new Map<string, string[]>()
  for (const { schema, name } of tables) {
    if (!/^[a-z0-9_]+$/.test(name)) patterns.push(`${quote(schema)}.${quote(name)}`)
    else plain.set(schema, [...(plain.get(schema) ?? []), name])
  }
  for (const [schema, names] of plain) {
    for (let from = 0; from < names.length; from += namesInPattern) {
      patterns.push(`${quote(schema)}.(${names.slice(from, from + namesInPattern).join('|')})`)
    }
  }
  return patterns
}
