import { quoteName } from './connection.ts'
import type { ListedColumn, ListedTable } from './list-tables.ts'
import type { SelectedRows } from './selected-rows.ts'

/** One file of a table's rows. */
export interface Segment {
  readonly table: ListedTable
  /** Below the database's folder, parts joined with `/`. */
  readonly path: string
  readonly statement: string
}

/** Percent-encodes a name so that it is one part of a path on any file system, the same for the same name. */
export function pathPart(name: string): string {
  return [...Buffer.from(name, 'utf8')]
    .map((byte) => (/[A-Za-z0-9_-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : percent(byte)))
    .join('')
}

export function tablePath(table: { readonly schema: string; readonly name: string }): string {
  return `data/${pathPart(table.schema)}/${pathPart(table.name)}`
}

/** What COPY writes and a load reads again: generated columns are left out. */
export function copiedColumns(table: ListedTable): ListedColumn[] {
  return table.columns.filter((column) => !column.isGenerated)
}

/**
 * Cuts a table into ranges of pages that are the same in every backup, so that unchanged ranges dedup. The last range is
 * open: no row is lost when the table has grown meanwhile. Only heap tables have pages, and only since PostgreSQL 14
 * does a range read just its own (TID Range Scan). A small table is one segment, an empty one too.
 */
export function segmentsOf(table: ListedTable, serverVersion: number, segmentPages: number): Segment[] {
  const name = quoteName(table.schema, table.name)
  const columns = [
    ...copiedColumns(table).map((column) => quoteName(column.name)),
    // Only a query has room for what is no column.
    ...(table.masks?.kind === 'masked' ? table.masks.extra : []),
  ]
  const isQuery = columns.length > copiedColumns(table).length
  const path = (index: number) => `${tablePath(table)}/${String(index).padStart(6, '0')}.copy`
  const canSplit = table.isHeap && serverVersion >= 140_000
  const count = canSplit ? Math.max(1, Math.ceil(table.pages / segmentPages)) : 1
  if (count === 1) {
    const list = columns.length === 0 ? '' : ` (${columns.join(', ')})`
    const from = isQuery ? `(SELECT ${columns.join(', ')} FROM ONLY ${name})` : `${name}${list}`
    return [{ table, path: path(0), statement: `COPY ${from} TO STDOUT` }]
  }
  return Array.from({ length: count }, (_, index) => {
    const from = `ctid >= '(${index * segmentPages},0)'`
    const to = index === count - 1 ? '' : ` AND ctid < '(${(index + 1) * segmentPages},0)'`
    return { table, path: path(index), statement: `COPY (SELECT ${columns.join(', ')} FROM ONLY ${name} WHERE ${from}${to}) TO STDOUT` }
  })
}

/** The rows of a table that a selection takes, as one file. */
export function selectedSegment(table: ListedTable, rows: SelectedRows): Segment {
  const columns = copiedColumns(table).map((column) => quoteName(column.name))
  const statement = `COPY (SELECT ${columns.join(', ')} FROM ${selectedFrom(table, rows)}) TO STDOUT`
  return { table, path: `${tablePath(table)}/000000.copy`, statement }
}

export function selectedFrom(table: ListedTable, rows: SelectedRows): string {
  return `ONLY ${quoteName(table.schema, table.name)} AS source WHERE ${rows.condition(table, 'source')}`
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}
