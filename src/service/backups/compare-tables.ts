import type { z } from 'zod'
import type { backupContent, tableChanges } from '#contract/backup-content.ts'
import type { TableSummary } from './summary.ts'

type Change = (typeof tableChanges)[number]
type Comparison = z.output<(typeof backupContent.compare)['reply']>
type ComparedTable = Comparison['rows'][number]

/** By name and by what their manifests say of rows and bytes; the hashes of two backups have keys of their own, so they tell nothing. */
export function compareTables(
  before: readonly TableSummary[],
  after: readonly TableSummary[],
): Pick<Comparison, 'counts' | 'rowCounts'> & { readonly tables: ComparedTable[] } {
  const later = new Map(after.map((table) => [nameOf(table), table]))
  const tables = before.map((table): ComparedTable => {
    const other = later.get(nameOf(table))
    later.delete(nameOf(table))
    return compared(table, other)
  })
  for (const table of later.values()) tables.push(compared(undefined, table))
  tables.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  const counts: Record<Change, number> = { added: 0, removed: 0, changed: 0, same: 0 }
  for (const { change } of tables) counts[change] += 1
  const sum = (all: readonly TableSummary[]) => all.reduce((total, { rows }) => total + rows, 0)
  return { tables, counts, rowCounts: { before: sum(before), after: sum(after) } }
}

function compared(before: TableSummary | undefined, after: TableSummary | undefined): ComparedTable {
  const { database, schema, table } = (before ?? after)!
  return { database, schema, table, change: changeOf(before, after), before: sizeOf(before), after: sizeOf(after) }
}

function changeOf(before: TableSummary | undefined, after: TableSummary | undefined): Change {
  if (!before) return 'added'
  if (!after) return 'removed'
  return before.rows === after.rows && before.bytes === after.bytes ? 'same' : 'changed'
}

function sizeOf(table: TableSummary | undefined): ComparedTable['before'] {
  return table ? { rows: table.rows, bytes: table.bytes } : null
}

function nameOf({ database, schema, table }: Pick<TableSummary, 'database' | 'schema' | 'table'>): string {
  return [database, schema, table].join('\u0000')
}

export function isAskedFor(change: Change | 'any' | 'different'): (table: ComparedTable) => boolean {
  return (table) => change === 'any' || (change === 'different' ? table.change !== 'same' : table.change === change)
}
