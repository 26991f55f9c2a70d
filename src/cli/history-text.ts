import { printCount } from '#base/units.ts'
import { byteStringOf, printBytesName } from '#engine/byte-string.ts'
import type { ChosenHistory } from '#engine/entities/chosen-history.ts'
import type { FieldChange, RowEvent, RowHistory, TableHistory } from '#engine/entities/record-timeline.ts'
import type { CellValue } from '#engine/sources/postgres/copy-cells.ts'

/** A value on one line of a terminal; the JSON has all of it. */
const valueLengthMax = 120

/** A history as people read it: the backups, what happened in each table, then each row that was asked for. */
export function* printHistory({ backups, damagedSnapshots, tables, rows, rowsLeftOut }: ChosenHistory): Generator<string> {
  for (const { id, at, name, leftOut, fact } of backups) {
    const state = leftOut === null ? '' : `  ${leftOut === 'damaged' ? 'DAMAGED' : 'left out'}: ${fact}`
    yield `backup     ${at}  ${id}  ${readable(name)}${state}`
  }
  for (const { id, fact } of damagedSnapshots) yield `DAMAGED    ${id.slice(0, 36)}  ${fact}`
  const names = new Map(backups.map(({ id, at }) => [id, at]))
  for (const table of tables) yield* tableLines(table, names)
  for (const row of rows) yield* rowLines(row, names)
  if (rowsLeftOut > 0) yield `and ${printCount(rowsLeftOut)} rows more: --rows-max shows them`
}

/** By the backup's id, when it was. */
type Instants = ReadonlyMap<string, string>

function* tableLines({ schema, table, moments }: TableHistory, instants: Instants): Generator<string> {
  const last = moments.findLast(({ rows }) => rows !== null)
  yield ''
  yield `${readable(`${schema}.${table}`)}: ${last ? printCount(last.rows!) : 'unknown'} rows in the newest backup that has it`
  for (const { backup, rows, counts, columnsAdded, columnsRemoved } of moments) {
    const parts = [
      ...Object.entries(counts).flatMap(([kind, count]) => (count === 0 ? [] : [`${printCount(count)} ${kind}`])),
      ...columnsAdded.map((column) => `column ${readable(column)} added`),
      ...columnsRemoved.map((column) => `column ${readable(column)} removed`),
    ]
    if (rows === null) yield `  ${instants.get(backup)}  not known: the backup does not have its rows`
    else if (parts.length > 0) yield `  ${instants.get(backup)}  ${printCount(rows)} rows: ${parts.join(', ')}`
  }
}

function* rowLines({ schema, table, key, events }: RowHistory, instants: Instants): Generator<string> {
  const named = key && Object.entries(key).map(([column, value]) => `${readable(column)}=${print(value)}`)
  yield ''
  yield `${readable(`${schema}.${table}`)} ${named?.join(' ') ?? 'a row without a key'}`
  for (const event of events) {
    yield `  ${instants.get(event.backup)}  ${whatHappened(event, instants)}`
    if (event.kind !== 'vanished') for (const field of event.fields) yield `    ${fieldLine(field, event)}`
  }
}

function whatHappened({ kind, since }: RowEvent, instants: Instants): string {
  if (since === null) return 'there already in the oldest backup'
  return `${kind} since ${instants.get(since)}`
}

function fieldLine({ column, from, to }: FieldChange, { kind }: RowEvent): string {
  if (kind === 'appeared' || kind === 'returned') return `${readable(column)}: ${print(to)}`
  return `${readable(column)}: ${print(from)} → ${print(to)}`
}

function print(value: CellValue | undefined): string {
  if (value === undefined) return '(no such column)'
  if (value === null) return '(null)'
  if (typeof value === 'object') return `(${printCount(value.bytes)} bytes, SHA-256 ${value.sha256})`
  const shown = value.length > valueLengthMax ? `${value.slice(0, valueLengthMax)}… (${printCount(value.length)} characters)` : value
  return readable(shown)
}

/** No terminal obeys what stands in a database. */
function readable(text: string): string {
  return printBytesName(byteStringOf(text))
}
