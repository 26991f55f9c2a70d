import type { ChangedRow, RecordPlan, RowValue } from '#contract/records.ts'
import { printBytes } from '#base/units.ts'

export function sumsOf({ tables }: Pick<RecordPlan, 'tables'>): { readonly rows: number; readonly tables: number } {
  const written = tables.map(({ inserts, updates, deletes }) => inserts + updates + deletes)
  return { rows: written.reduce((sum, rows) => sum + rows, 0), tables: written.filter((rows) => rows > 0).length }
}

/** Tables in which something happens, differs or waits for a choice, and the others. */
export function byEffect({ tables }: Pick<RecordPlan, 'tables'>) {
  const isWritten = ({ inserts, updates, deletes, kept, open, clashes }: RecordPlan['tables'][number]) =>
    inserts + updates + deletes + kept + open.length + clashes.length > 0
  return { written: tables.filter(isWritten), same: tables.filter((table) => !isWritten(table)) }
}

/** How many rows keep it from being carried out, by what they wait for. */
export function undecidedOf({ tables }: Pick<RecordPlan, 'tables'>) {
  const openOf = (...classes: readonly string[]) =>
    tables.flatMap(({ open }) => open.filter((one) => classes.includes(one.class))).reduce((sum, { count }) => sum + count, 0)
  return {
    conflicts: openOf('elsewhere', 'moved-here'),
    parents: openOf('parent-missing'),
    clashes: tables.flatMap(({ clashes }) => clashes).reduce((sum, { count }) => sum + count, 0),
  }
}

/** Nothing waits for a choice. */
export function isDecided(plan: Pick<RecordPlan, 'tables'>): boolean {
  const { conflicts, parents, clashes } = undecidedOf(plan)
  return conflicts + parents + clashes === 0
}

export function driftLines({ drift }: Pick<RecordPlan, 'drift'>): string[] {
  return [
    ...drift.addedColumns.map((column) => `${column} was added since: it takes its default`),
    ...drift.removedColumns.map((column) => `${column} is gone: its values are not restored`),
    ...drift.retypedColumns.map(({ column, was, is }) => `${column} was ${was} and is ${is}: its values are cast`),
    ...drift.removedTables.map(({ table, rows }) => `table ${table} is gone: ${rows} rows are not restored`),
    ...drift.addedTables.map((table) => `table ${table} was made since: its rows are left as they are`),
  ]
}

export function printValue(value: RowValue): string {
  if (value === null) return 'null'
  return typeof value === 'string' ? value : `${printBytes(value.bytes)}, too long to be shown`
}

/** Which sides of a row there are to show. */
export function sidesOf({ action, class: found }: Pick<ChangedRow, 'action' | 'class'>) {
  const what = found ?? action
  return { hasLive: what !== 'insert' && what !== 'copy' && what !== 'parent-missing', hasBackup: what !== 'delete' }
}

export const actionWords: Readonly<Record<ChangedRow['action'], string>> = {
  insert: 'Comes back',
  copy: 'Comes as a copy',
  update: 'Changed back',
  delete: 'Taken away',
  open: 'Waits for a choice',
  keep: 'Stays as it is',
}

/** What the signature stands for: exact, in UTC, and no longer than a signature may say (200 characters). No key of anybody. */
export function recordsMeaning(verb: 'order' | 'approve', systemName: string, { kinds }: Pick<RecordPlan, 'kinds'>): string {
  const what = kinds.length === 1 ? `one record (${kinds[0]})` : `${kinds.length} records`
  return `I ${verb} that ${what} of ${systemName} be written back as planned`
}
