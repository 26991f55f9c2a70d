import { Fault } from '#base/fault.ts'
import type { RecordHistory } from './history.ts'
import type { HistoryBackup } from './history-backups.ts'
import type { RowHistory, TableHistory } from './record-timeline.ts'

export interface HistoryChoice {
  /** Only changes of these columns; all when undefined. */
  readonly fields: readonly string[] | undefined
  /** Tables, as `schema.table`, whose rows are told field by field beside the record's own. */
  readonly tables: readonly string[] | 'all'
  readonly rowsMax: number
  /** Of their JSON; the first row is there whatever it takes. */
  readonly bytesMax: number
}

/** As much of a history as somebody reads; plain data. */
export interface ChosenHistory {
  readonly kind: string
  /** A backup was left out, or cannot be told apart, because it is damaged. */
  readonly isDamaged: boolean
  /** Oldest first; `leftOut` is null for those that were read. */
  readonly backups: readonly (Omit<HistoryBackup, 'at' | 'leftOut' | 'fact'> & {
    readonly at: string
    readonly leftOut: HistoryBackup['leftOut'] | null
    readonly fact: string | null
  })[]
  readonly damagedSnapshots: RecordHistory['damagedSnapshots']
  readonly tables: readonly TableHistory[]
  readonly rows: readonly RowHistory[]
  /** Rows of the chosen tables beyond `rowsMax` and `bytesMax`. */
  readonly rowsLeftOut: number
}

/** USAGE for a table that never had a row of the record. */
export function chosenHistory({ rows, ...history }: RecordHistory, { fields, tables, rowsMax, bytesMax }: HistoryChoice): ChosenHistory {
  const known = history.tables.map(nameOf)
  const unknown = tables === 'all' ? undefined : tables.find((table) => !known.includes(table))
  if (unknown !== undefined)
    throw new Fault('USAGE', `no row of this record was ever in ${unknown}; it had some in ${known.join(', ')}`, { field: 'tables' })
  const told: RowHistory[] = []
  let rowsLeftOut = 0
  let bytes = 0
  for (const row of rows((table) => table.isRoot || tables === 'all' || tables.includes(nameOf(table)))) {
    const chosen = withFields(row, fields)
    if (chosen.events.length === 0) continue
    bytes += JSON.stringify(chosen).length
    if (told.length === 0 || (told.length < rowsMax && bytes <= bytesMax)) told.push(chosen)
    else rowsLeftOut += 1
  }
  return {
    ...history,
    isDamaged: history.damagedSnapshots.length > 0 || history.backups.some(({ leftOut }) => leftOut === 'damaged'),
    backups: history.backups.map(({ at, leftOut, fact, ...backup }) => ({
      ...backup,
      at: at.toISOString(),
      leftOut: leftOut ?? null,
      fact: fact ?? null,
    })),
    rows: told,
    rowsLeftOut,
  }
}

function nameOf({ schema, table }: Pick<TableHistory, 'schema' | 'table'>): string {
  return `${schema}.${table}`
}

function withFields(row: RowHistory, fields: readonly string[] | undefined): RowHistory {
  if (!fields) return row
  const events = row.events.map((event) => ({ ...event, fields: event.fields.filter(({ column }) => fields.includes(column)) }))
  return { ...row, events: events.filter((event) => event.kind !== 'changed' || event.fields.length > 0) }
}
