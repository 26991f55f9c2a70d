import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { LongRow, valueOf, type Cell, type CellValue } from '#engine/sources/postgres/copy-cells.ts'
import { rowsOf, type ChangedTable } from './change-set.ts'

export interface ChangedField {
  readonly before: CellValue
  readonly after: CellValue
  readonly isChanged: boolean
}

export interface ChangedRow {
  readonly action: 'insert' | 'update' | 'delete'
  readonly key: readonly CellValue[]
  /** In the order of the table's columns. */
  readonly fields: readonly ChangedField[]
}

export interface RowsPage {
  readonly rows: readonly ChangedRow[]
  /** The byte at which the next page begins; null when that was all. */
  readonly next: number | null
}

/**
 * Some rows of a change set, in the order of their keys, from a byte on that an earlier page named. Holds one part of the file, and of
 * the rows what a page may hold: a longer value is known by its length and SHA-256. PLAN_INVALID when no row begins there.
 */
export async function readChangedRows(
  folder: string,
  table: ChangedTable,
  { from, limit }: { readonly from: number; readonly limit: number },
): Promise<RowsPage> {
  if (table.file === null) return { rows: [], next: null }
  const rows: ChangedRow[] = []
  let at = from
  let held = 0
  for await (const { cells, bytes } of rowsFrom(rowsOf(folder, table.file, from))) {
    if (rows.length === limit || (rows.length > 0 && held > limits.copyRowBytesMax)) return { rows, next: at }
    rows.push(changedRow(table, cells))
    at += bytes
    held += cells.reduce((sum, cell) => sum + cell.length, 0)
  }
  return { rows, next: null }
}

interface Row {
  readonly cells: readonly Cell[]
  /** With its newline. */
  readonly bytes: number
}

async function* rowsFrom(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Row> {
  let row = new LongRow()
  let bytes = 0
  for await (const part of parts) {
    const text = Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('latin1')
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      row.add(text.slice(start, end))
      yield { cells: row.end(), bytes: bytes + end + 1 - start }
      row = new LongRow()
      bytes = 0
      start = end + 1
    }
    const rest = text.slice(start)
    if (rest === '') continue
    row.add(rest)
    bytes += rest.length
  }
  if (bytes > 0) throw new Fault('PLAN_INVALID', 'the rows of the change set end within a row')
}

function changedRow({ columns, key }: ChangedTable, [action, ...cells]: readonly Cell[]): ChangedRow {
  const width = columns.length
  if ((action !== 'insert' && action !== 'update' && action !== 'delete') || cells.length !== 2 * width)
    throw new Fault('PLAN_INVALID', 'no row of the change set begins there')
  const [before, after] = [cells.slice(0, width), cells.slice(width)]
  const shown = action === 'insert' ? after : before
  return {
    action,
    key: key.map((name) => valueOf(shown[columns.findIndex((column) => column.name === name)]!)),
    fields: columns.map((_column, place) => ({
      before: valueOf(before[place]!),
      after: valueOf(after[place]!),
      isChanged: before[place] !== after[place],
    })),
  }
}
