import { Fault } from '#base/fault.ts'
import { changedRowSchema, type ChangedFile, type ChangedRow, type RowValue } from '#contract/records.ts'
import { printBytesName } from '#engine/byte-string.ts'
import { readDocument } from '#engine/entities/change-set.ts'
import type { FileChange } from '#engine/entities/changed-files.ts'
import { readChangedFiles, readChangedRows, type ChangedRow as EngineRow, type RowPart } from '#engine/entities/changed-rows.ts'
import type { CellValue } from '#engine/sources/postgres/copy-cells.ts'
import type { House } from '#service/house.ts'
import { changeFolderOf } from '#service/restores/record-folders.ts'
import type { StoredPlan } from '#service/restores/restores.store.ts'

/** Which records a plan brings back, which rows wait for a choice, and what was chosen for single ones. PLAN_NOT_READY, PLAN_EXPIRED. */
export async function keysOf(house: House, plan: StoredPlan) {
  const { entities, tables, policy } = await readDocument(folderOf(house, plan))
  return {
    records: entities,
    open: tables.flatMap(({ schema, table, open }) => open.map((rows) => ({ schema, table, ...rows }))),
    clashes: tables.flatMap(({ schema, table, clashes }) =>
      clashes.map(({ columns = [], ...clash }) => ({ schema, table, columns, ...clash })),
    ),
    rows: policy.rows,
  }
}

export interface RowsWish {
  readonly schema: string
  readonly table: string
  readonly part: RowPart
  readonly after: string | undefined
  readonly limit: number
}

/** Some of the rows of one table that a plan would write, or that it leaves. NOT_FOUND for a table that is no part of it, and as `keysOf`. */
export async function rowsOf(house: House, plan: StoredPlan, { schema, table, part, after, limit }: RowsWish) {
  const folder = folderOf(house, plan)
  const { tables } = await readDocument(folder)
  const found = tables.find((one) => one.schema === schema && one.table === table)
  if (!found) throw new Fault('NOT_FOUND', `the plan has no table ${schema}.${table}`)
  const { rows, next } = await readChangedRows(folder, found, { part, from: Number(after ?? 0), limit })
  return { columns: found.columns, key: found.key, rows: rows.map(rowView), next: next === null ? null : String(next) }
}

export interface FilesWish {
  readonly root: string
  readonly after: string | undefined
  readonly limit: number
}

/** Some of the files that a plan would put in place, exchange or take away below one root. Faults as of `rowsOf`. */
export async function filesOf(house: House, plan: StoredPlan, { root, after, limit }: FilesWish) {
  const folder = folderOf(house, plan)
  const { files: roots } = await readDocument(folder)
  const found = roots.find(({ name }) => name === root)
  if (!found) throw new Fault('NOT_FOUND', `the plan has no files below ${root}`)
  const { files, next } = await readChangedFiles(folder, found, { from: Number(after ?? 0), limit })
  return { files: files.map(fileView), next: next === null ? null : String(next) }
}

export function fileView({ path: place, change, before }: FileChange): ChangedFile {
  return {
    path: printBytesName(place),
    change,
    sizeBytes: before === null ? null : Number(before.sizeBytes),
    changedAt: before === null ? null : new Date(Number(BigInt(before.mtimeNs) / 1_000_000n)).toISOString(),
  }
}

/** Where its change set is. PLAN_NOT_READY, NOT_FOUND, PLAN_EXPIRED. */
export function folderOf(house: House, { id, extent, status }: StoredPlan): string {
  if (status !== 'ready') throw new Fault('PLAN_NOT_READY', `plan ${id} is ${status}`, { status })
  if (extent !== 'records') throw new Fault('NOT_FOUND', `plan ${id} is of no single records`)
  return changeFolderOf(house, id)
}

export function rowView({ action, class: found, key, fields }: EngineRow): ChangedRow {
  return {
    action,
    class: changedRowSchema.shape.class.parse(found),
    key: key.map(valueView),
    fields: fields.map(({ before, after, isChanged }) => ({ before: valueView(before), after: valueView(after), isChanged })),
  }
}

function valueView(value: CellValue): RowValue {
  return value === null || typeof value === 'string' ? value : { bytes: value.bytes }
}
