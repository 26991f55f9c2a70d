import type { z } from 'zod'
import type { backups } from '#contract/backups.ts'
import type { RecordWish } from '#contract/records.ts'
import type { SystemView } from '#contract/systems.ts'

type SelectionOrder = NonNullable<z.input<typeof backups.create.body>['selection']>

/** Which part of a system somebody has chosen so far. Keys of records are kept here and nowhere else. */
export interface SelectionDraft {
  /** A kind that is empty stands for the first that the system has. */
  readonly records: readonly RecordWish[]
  readonly tables: readonly TableName[]
  readonly dataTypes: readonly string[]
  /** `2026-03-29 02:00:00`, in the time zone of whoever chooses. */
  readonly since: string | null
  readonly until: string | null
}

export interface TableName {
  readonly schema: string
  readonly table: string
}

export const emptySelection: SelectionDraft = { records: [{ kind: '', key: '' }], tables: [], dataTypes: [], since: null, until: null }

export function isSameTable(one: TableName, other: TableName): boolean {
  return one.schema === other.schema && one.table === other.table
}

/** Those that somebody began to say: a line that was left empty is none. */
export function chosenRecords({ records }: SelectionDraft): readonly RecordWish[] {
  return records.filter(({ key }) => key !== '')
}

/** Tables and data types whose rows are told by a time, as the settings declare it. */
export function timedTables({ settings }: Pick<SystemView, 'settings'>): readonly string[] {
  return (settings.timeColumns ?? []).map(({ schema, table, column }) => `${schema}.${table} (${column})`)
}

export function selectionOrderOf(draft: SelectionDraft): SelectionOrder {
  const { tables, dataTypes, since, until } = draft
  return {
    entities: chosenRecords(draft).map(({ kind, key }) => ({ kind, key })),
    tables: tables.map(({ schema, table }) => ({ schema, table })),
    dataTypes: [...dataTypes],
    ...(since !== null && { since: instantOf(since) }),
    ...(until !== null && { until: instantOf(until) }),
  }
}

/** What keeps it from being a selection; undefined when nothing does. The service looks again. */
export function lackOf(draft: SelectionDraft): string | undefined {
  const { tables, dataTypes, since, until } = draft
  const records = chosenRecords(draft)
  if (records.some(({ kind }) => kind === '')) return 'Choose a kind for each record.'
  if (records.length + tables.length + dataTypes.length === 0 && since === null && until === null)
    return 'Say which records, tables, data types or time: nothing is selected yet.'
  if (since !== null && until !== null && Date.parse(since) >= Date.parse(until)) return 'The range of time ends before it begins.'
  return undefined
}

export function instantOf(local: string): string {
  return new Date(local).toISOString()
}
