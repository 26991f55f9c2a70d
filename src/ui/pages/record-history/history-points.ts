import type { z } from 'zod'
import type { historySchema } from '#contract/history.ts'
import { printBytes } from '#base/units.ts'
import { printWhole } from '#ui/words.ts'

export type History = z.output<typeof historySchema>
export type HistoryBackup = History['backups'][number]
export type HistoryRow = History['rows'][number]
export type RowEvent = HistoryRow['events'][number]
export type TableHistory = History['tables'][number]
export type Moment = TableHistory['moments'][number]
export type Value = Exclude<RowEvent['fields'][number]['to'], undefined>

/** What a table did between the backup before and this one. */
export interface TableChange {
  readonly name: string
  readonly isRoot: boolean
  readonly moment: Moment
  /** The first backup that says anything of the table: its rows were there already. */
  readonly isFirst: boolean
}

/** One backup in which the record is not as in the one before. */
export interface ChangePoint {
  readonly kind: 'change'
  readonly backup: HistoryBackup
  /** The oldest that was read: what is in it was there already, and nobody knows since when. */
  readonly isOldest: boolean
  /** Rows of the record itself. */
  readonly rows: readonly { readonly row: HistoryRow; readonly event: RowEvent }[]
  /** Tables in which something happened, or of which the backup says nothing; of the oldest, those that had rows. */
  readonly tables: readonly TableChange[]
  /** The record was there. */
  readonly isThere: boolean
}

/** Backups one after the other in which nothing of it is other than before. */
export interface QuietPoint {
  readonly kind: 'quiet'
  readonly backups: readonly HistoryBackup[]
}

export interface LeftOutPoint {
  readonly kind: 'left-out'
  readonly backup: HistoryBackup
}

export type HistoryPoint = ChangePoint | QuietPoint | LeftOutPoint

/** The history as a line of points, oldest first. */
export function pointsOf(history: History): HistoryPoint[] {
  const moments = new Map(history.tables.map((table) => [table, new Map(table.moments.map((moment) => [moment.backup, moment]))]))
  const oldest = readBackups(history)[0]?.id
  const points: HistoryPoint[] = []
  for (const backup of history.backups) {
    if (backup.leftOut !== null) {
      points.push({ kind: 'left-out', backup })
      continue
    }
    const isOldest = backup.id === oldest
    const tables = history.tables.flatMap((table): TableChange[] => {
      const moment = moments.get(table)!.get(backup.id)
      return moment && isTold(moment) ? [{ name: nameOf(table), isRoot: table.isRoot, moment, isFirst: firstKnown(table) === moment }] : []
    })
    const rows = history.rows
      .filter(({ isRoot }) => isRoot)
      .flatMap((row) => row.events.filter((event) => event.backup === backup.id).map((event) => ({ row, event })))
    if (isOldest || rows.length > 0 || tables.length > 0)
      points.push({ kind: 'change', backup, isOldest, rows, tables, isThere: isThereIn(history, backup.id) })
    else addQuiet(points, backup)
  }
  return points
}

function addQuiet(points: HistoryPoint[], backup: HistoryBackup): void {
  const last = points.at(-1)
  if (last?.kind === 'quiet') points[points.length - 1] = { kind: 'quiet', backups: [...last.backups, backup] }
  else points.push({ kind: 'quiet', backups: [backup] })
}

function firstKnown({ moments }: TableHistory): Moment | undefined {
  return moments.find(({ rows }) => rows !== null)
}

function isTold({ rows, counts, columnsAdded, columnsRemoved }: Moment): boolean {
  return rows === null || columnsAdded.length + columnsRemoved.length > 0 || Object.values(counts).some((count) => count > 0)
}

/** Those that say something of the record. */
export function readBackups({ backups }: Pick<History, 'backups'>): readonly HistoryBackup[] {
  return backups.filter(({ leftOut }) => leftOut === null)
}

/** Why a backup says nothing of the record. */
export function whyLeftOut({ leftOut, fact }: HistoryBackup): string {
  if (leftOut === 'no-database') return 'it has no database, or not that one'
  return fact ?? 'not known'
}

export function nameOf({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return `${schema}.${table}`
}

/** The backup has a row of the record itself. */
export function isThereIn({ tables }: Pick<History, 'tables'>, backup: string): boolean {
  return tables.some(({ isRoot, moments }) => isRoot && moments.some((moment) => moment.backup === backup && (moment.rows ?? 0) > 0))
}

export interface RowState {
  readonly columns: ReadonlyMap<string, Value>
}

/** What a row was in a backup: what its events up to it have left. Undefined where there was no such row. `order`: ids, oldest first. */
export function stateIn({ events }: HistoryRow, backup: string, order: readonly string[]): RowState | undefined {
  const at = order.indexOf(backup)
  let columns: Map<string, Value> | undefined
  for (const { kind, backup: of, fields } of events) {
    if (order.indexOf(of) > at) break
    if (kind === 'vanished') {
      columns = undefined
      continue
    }
    const next: Map<string, Value> = kind === 'changed' ? new Map(columns) : new Map()
    for (const { column, to } of fields) {
      if (to === undefined) next.delete(column)
      else next.set(column, to)
    }
    columns = next
  }
  return columns && { columns }
}

export interface FieldPair {
  readonly column: string
  /** Undefined: no such row or column. */
  readonly before: Value | undefined
  readonly after: Value | undefined
  readonly isChanged: boolean
}

/** Two states of a row beside each other, field by field. */
export function pairsOf(then: RowState | undefined, now: RowState | undefined): FieldPair[] {
  const names = new Set([...(now?.columns.keys() ?? []), ...(then?.columns.keys() ?? [])])
  return [...names].map((column) => {
    const [one, other] = [then?.columns.get(column), now?.columns.get(column)]
    return { column, before: one, after: other, isChanged: !isSameValue(one, other) }
  })
}

function isSameValue(one: Value | undefined, other: Value | undefined): boolean {
  if (typeof one === 'object' && typeof other === 'object' && one !== null && other !== null)
    return one.sha256 === other.sha256 && one.bytes === other.bytes
  return one === other
}

/** As a page shows it; the mark of what is nothing is told apart from a text. */
export function printValue(value: Value | undefined): string {
  if (value === undefined) return '(no such field)'
  if (value === null) return '(null)'
  if (value === '') return '(empty)'
  return typeof value === 'string' ? value : `${printBytes(value.bytes)}, SHA-256 ${value.sha256}`
}

/** What somebody knows a row by. */
export function printKey({ key }: Pick<HistoryRow, 'key'>): string {
  if (key === null) return 'a row without a key'
  return Object.entries(key)
    .map(([column, value]) => `${column} ${printValue(value)}`)
    .join(', ')
}

const happened = { appeared: 'new', changed: 'changed', vanished: 'gone', returned: 'back again' } as const

/** `3 new, 1 gone; 12 now`, for one table at one point. */
export function printMoment({ rows, counts, columnsAdded, columnsRemoved }: Moment, isFirst: boolean): string {
  if (rows === null) return 'not known: the backup does not have its rows'
  if (isFirst) return `${printWhole(rows)} there already`
  const told = (Object.keys(happened) as (keyof typeof happened)[])
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${printWhole(counts[kind])} ${happened[kind]}`)
  const columns = [
    ...columnsAdded.map((column) => `column ${column} was added`),
    ...columnsRemoved.map((column) => `column ${column} was taken away`),
  ]
  return `${[...told, ...columns].join(', ')}; ${printWhole(rows)} there`
}

export interface TableSums {
  readonly name: string
  readonly isRoot: boolean
  /** In the newest backup that says; null where none does. */
  readonly rows: number | null
  readonly appeared: number
  readonly changed: number
  readonly vanished: number
  readonly returned: number
}

/** Of each table what happened in it since the first backup that says anything of it. */
export function sumsOf({ tables }: Pick<History, 'tables'>): TableSums[] {
  return tables.map((table) => {
    const first = firstKnown(table)
    const later = table.moments.filter((moment) => moment !== first)
    const sum = (kind: keyof typeof happened) => later.reduce((total, { counts }) => total + counts[kind], 0)
    const rows = table.moments.findLast((moment) => moment.rows !== null)?.rows ?? null
    return {
      name: nameOf(table),
      isRoot: table.isRoot,
      rows,
      appeared: sum('appeared'),
      changed: sum('changed'),
      vanished: sum('vanished'),
      returned: sum('returned'),
    }
  })
}

/** Something happened to it after the first backup that says anything of its table. */
export function isEventful({ events }: HistoryRow): boolean {
  return events.some(({ since }) => since !== null)
}

export interface ComparedRow {
  readonly name: string
  readonly row: HistoryRow
  readonly kind: 'changed' | 'new' | 'gone'
  /** Of a row that is in both, those that differ. */
  readonly pairs: readonly FieldPair[]
}

/** Rows that are not the same in two backups, of those that are told row by row. */
export function comparedRows(history: History, then: string, now: string): ComparedRow[] {
  const order = readBackups(history).map(({ id }) => id)
  return history.rows.flatMap((row): ComparedRow[] => {
    const [one, other] = [stateIn(row, then, order), stateIn(row, now, order)]
    const pairs = pairsOf(one, other)
    if (!one && !other) return []
    if (!one || !other) return [{ name: nameOf(row), row, kind: one ? 'gone' : 'new', pairs }]
    const changed = pairs.filter(({ isChanged }) => isChanged)
    return changed.length === 0 ? [] : [{ name: nameOf(row), row, kind: 'changed', pairs: changed }]
  })
}
