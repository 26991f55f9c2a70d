import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { parse } from '#base/parse.ts'
import { rowClasses, type RowClass } from '#engine/sources/postgres/compare-rows.ts'
import { LongRow, valueOf, type Cell, type CellValue } from '#engine/sources/postgres/copy-cells.ts'
import { rowsOf, type ChangedTable } from './change-set.ts'
import { fileChangeSchema, type ChangedRoot, type FileChange } from './changed-files.ts'

export interface ChangedField {
  readonly before: CellValue
  readonly after: CellValue
  readonly isChanged: boolean
}

const writtenActions = ['insert', 'copy', 'update', 'delete'] as const
const leftActions = ['open', 'keep'] as const

export interface ChangedRow {
  /** `copy`: a new row, and before it the key of the one in the backup. `open`: somebody has yet to choose; `keep`: it differs and stays. */
  readonly action: (typeof writtenActions)[number] | (typeof leftActions)[number]
  /** What the comparison found; null for a row that is written. */
  readonly class: RowClass | null
  /** Empty where the table has none. */
  readonly key: readonly CellValue[]
  /** In the order of the table's columns: live and as it would be, or, of a row that is not written, live and in the backup. */
  readonly fields: readonly ChangedField[]
}

export interface RowsPage {
  readonly rows: readonly ChangedRow[]
  /** The byte at which the next page begins; null when that was all. */
  readonly next: number | null
}

export const rowParts = ['written', 'left'] as const
export type RowPart = (typeof rowParts)[number]

interface PageWish {
  readonly part: RowPart
  readonly from: number
  readonly limit: number
}

/**
 * Some rows of a change set, those that it writes or those that it leaves, in the order of their keys, from a byte on that an earlier page named. Holds one part of the file, and of
 * the rows what a page may hold: a longer value is known by its length and SHA-256. PLAN_INVALID when no row begins there.
 */
export async function readChangedRows(folder: string, table: ChangedTable, { part, from, limit }: PageWish): Promise<RowsPage> {
  const file = part === 'written' ? table.file : (table.left?.file ?? null)
  if (file === null) return { rows: [], next: null }
  const rows: ChangedRow[] = []
  let at = from
  let held = 0
  for await (const { cells, bytes } of rowsFrom(rowsOf(folder, file, from))) {
    if (rows.length === limit || (rows.length > 0 && held > limits.copyRowBytesMax)) return { rows, next: at }
    rows.push(part === 'written' ? writtenRow(table, cells) : leftRow(table, cells))
    at += bytes
    held += cells.reduce((sum, cell) => sum + cell.length, 0)
  }
  return { rows, next: null }
}

export interface FilesPage {
  readonly files: readonly FileChange[]
  /** As of `RowsPage`. */
  readonly next: number | null
}

/** The same of a root's files. PLAN_INVALID when none begins there. */
export async function readChangedFiles(folder: string, { file }: ChangedRoot, { from, limit }: Omit<PageWish, 'part'>): Promise<FilesPage> {
  const files: FileChange[] = []
  if (file === null) return { files, next: null }
  const lines = createInterface({ input: Readable.from(rowsOf(folder, file, from)), crlfDelay: Infinity })
  let at = from
  for await (const line of lines) {
    if (files.length === limit) return { files, next: at }
    files.push(parse(fileChangeSchema, line, 'a file of the change set', 'PLAN_INVALID'))
    at += Buffer.byteLength(line) + 1
  }
  return { files, next: null }
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

const noRow = () => new Fault('PLAN_INVALID', 'no row of the change set begins there')

function writtenRow(table: ChangedTable, [action, ...cells]: readonly Cell[]): ChangedRow {
  const known = writtenActions.find((one) => one === action)
  if (!known) throw noRow()
  return { action: known, class: null, ...sidesOf(table, cells, known !== 'insert' && known !== 'copy') }
}

function leftRow(table: ChangedTable, [action, found, ...cells]: readonly Cell[]): ChangedRow {
  const known = leftActions.find((one) => one === action)
  const named = rowClasses.find((one) => one === found)
  if (!known || !named) throw noRow()
  return { action: known, class: named, ...sidesOf(table, cells, named !== 'insert' && named !== 'parent-missing') }
}

function sidesOf({ columns, key }: ChangedTable, cells: readonly Cell[], isLive: boolean): Pick<ChangedRow, 'key' | 'fields'> {
  const width = columns.length
  // Behind both images of a row without a key stands which of so many equal ones it is.
  if (cells.length !== 2 * width + (key.length === 0 ? 1 : 0)) throw noRow()
  const [before, after] = [cells.slice(0, width), cells.slice(width, 2 * width)]
  const shown = isLive ? before : after
  return {
    key: key.map((name) => valueOf(shown[columns.findIndex((column) => column.name === name)]!)),
    fields: columns.map((_column, place) => ({
      before: valueOf(before[place]!),
      after: valueOf(after[place]!),
      isChanged: before[place] !== after[place],
    })),
  }
}
