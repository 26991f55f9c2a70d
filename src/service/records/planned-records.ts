import { Fault } from '#base/fault.ts'
import type { ChangedRow, RowValue } from '#contract/records.ts'
import { readDocument } from '#engine/entities/change-set.ts'
import { readChangedRows } from '#engine/entities/changed-rows.ts'
import type { CellValue } from '#engine/sources/postgres/copy-cells.ts'
import type { House } from '#service/house.ts'
import { changeFolderOf } from '#service/restores/record-folders.ts'
import type { StoredPlan } from '#service/restores/restores.store.ts'

/** Which records a plan brings back, and which rows wait for a choice. PLAN_NOT_READY, PLAN_EXPIRED. */
export async function keysOf(house: House, plan: StoredPlan) {
  const { entities, tables } = await readDocument(folderOf(house, plan))
  return {
    records: entities,
    open: tables.flatMap(({ schema, table, open }) => open.map((rows) => ({ schema, table, ...rows }))),
    clashes: tables.flatMap(({ schema, table, clashes }) => clashes.map((clash) => ({ schema, table, ...clash }))),
  }
}

export interface RowsWish {
  readonly schema: string
  readonly table: string
  readonly after: string | undefined
  readonly limit: number
}

/** Some of the rows that a plan would write in one table. NOT_FOUND for a table that is no part of it, and as `keysOf`. */
export async function rowsOf(house: House, plan: StoredPlan, { schema, table, after, limit }: RowsWish) {
  const folder = folderOf(house, plan)
  const { tables } = await readDocument(folder)
  const found = tables.find((one) => one.schema === schema && one.table === table)
  if (!found) throw new Fault('NOT_FOUND', `the plan has no table ${schema}.${table}`)
  const { rows, next } = await readChangedRows(folder, found, { from: Number(after ?? 0), limit })
  return { columns: found.columns, key: found.key, rows: rows.map(rowView), next: next === null ? null : String(next) }
}

function folderOf(house: House, { id, extent, status }: StoredPlan): string {
  if (status !== 'ready') throw new Fault('PLAN_NOT_READY', `plan ${id} is ${status}`, { status })
  if (extent !== 'records') throw new Fault('NOT_FOUND', `plan ${id} is of no single records`)
  return changeFolderOf(house, id)
}

function rowView({ action, key, fields }: Awaited<ReturnType<typeof readChangedRows>>['rows'][number]): ChangedRow {
  return {
    action,
    key: key.map(valueView),
    fields: fields.map(({ before, after, isChanged }) => ({ before: valueView(before), after: valueView(after), isChanged })),
  }
}

function valueView(value: CellValue): RowValue {
  return value === null || typeof value === 'string' ? value : { bytes: value.bytes }
}
