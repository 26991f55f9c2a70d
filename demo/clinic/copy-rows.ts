import { quoteName, type Connection } from '#engine/sources/postgres/connection.ts'
import { copyIn } from '#engine/sources/postgres/stage-copy-in.ts'

export type Value = string | number | boolean | Date | Uint8Array | null
export type Row = readonly Value[]

const batchCharacters = 128 * 1024

/** Loads rows of any number by COPY; only a batch of them is in memory. Returns how many the server counted. */
export async function copyRows(
  connection: Connection,
  table: { readonly name: string; readonly columns: readonly string[] },
  rows: Iterable<Row> | AsyncIterable<Row>,
  signal?: AbortSignal,
): Promise<number> {
  const columns = table.columns.map((column) => quoteName(column)).join(', ')
  return await copyIn(connection, `copy ${quoteName('clinic', table.name)} (${columns}) from stdin`, batches(rows), signal)
}

async function* batches(rows: Iterable<Row> | AsyncIterable<Row>): AsyncGenerator<Buffer> {
  yield* Symbol.asyncIterator in rows ? batchesAsync(rows) : batchesSync(rows)
}

/** Most rows are made without waiting for anything, and waiting for each of millions would cost more than making it. */
function* batchesSync(rows: Iterable<Row>): Generator<Buffer> {
  let text = ''
  for (const row of rows) {
    text += copyLine(row)
    if (text.length < batchCharacters) continue
    yield Buffer.from(text, 'utf8')
    text = ''
  }
  yield Buffer.from(text, 'utf8')
}

async function* batchesAsync(rows: AsyncIterable<Row>): AsyncGenerator<Buffer> {
  for await (const row of rows) yield Buffer.from(copyLine(row), 'utf8')
}

/** One line of COPY text (PostgreSQL "COPY", "Text Format"). */
export function copyLine(row: Row): string {
  let line = ''
  for (let at = 0; at < row.length; at += 1) line += (at === 0 ? '' : '\t') + copyField(row[at]!)
  return `${line}\n`
}

function copyField(value: Value): string {
  if (value === null) return '\\N'
  if (typeof value === 'string') return /[\\\t\n\r]/.test(value) ? value.replace(/[\\\t\n\r]/g, (one) => escapes[one]!) : value
  if (typeof value === 'number') return String(value)
  if (typeof value === 'boolean') return value ? 't' : 'f'
  if (value instanceof Date) return value.toISOString()
  return `\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }
