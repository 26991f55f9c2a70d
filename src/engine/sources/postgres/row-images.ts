import { quoteName } from './connection.ts'
import { rowsOf, type GraphTable } from './reference-graph.ts'

/** One column of a table as a change set carries it: before and after side by side. */
export interface ImageColumn {
  readonly name: string
  readonly type: string
  /** False when it was added after the backup: then the backup says nothing about it. */
  readonly isInBackup: boolean
}

/** What both sides know of a table that has a key. Generated columns are left out: the server makes them again. */
export interface RowImages {
  readonly table: GraphTable
  readonly columns: readonly ImageColumn[]
}

export const rowActions = ['insert', 'update', 'delete'] as const
export type RowAction = (typeof rowActions)[number]

/** `forward` makes a change set true, `back` takes it back: inserts become deletes, and before and after change sides. */
export type Direction = 'forward' | 'back'

export interface RecordedWrites {
  readonly direction: Direction
  /** Of a change set that is taken back: `xmin` of what it inserted into tables without a key. */
  readonly writtenBy: string | undefined
}

/** `alias."column"` of the live table, in the order of the images. */
export function liveColumns({ columns }: RowImages, alias: string): string[] {
  return columns.map(({ name }) => `${alias}.${quoteName(name)}`)
}

/** Places of the columns that a backup has a value for. */
export function sharedPlaces({ columns }: RowImages): number[] {
  return columns.flatMap(({ isInBackup }, place) => (isInBackup ? [place] : []))
}

/** Columns whose value is known: of a row that only the backup had, those that the backup had. */
export function knownPlaces(images: RowImages, action: RowAction, direction: Direction): number[] {
  const isOfBackupAlone = direction === 'forward' ? action === 'insert' : action === 'delete'
  return isOfBackupAlone ? sharedPlaces(images) : images.columns.map((_column, place) => place)
}

/** Places of the key's columns among the images. */
export function keyPlaces({ table, columns }: RowImages): number[] {
  return table.key!.map(({ name }) => columns.findIndex((column) => column.name === name))
}

/** The key of a change, whichever of before and after it has, one expression for each column. */
export function touchedKey(images: RowImages): string[] {
  return keyPlaces(images).map((place) => `COALESCE(change.b${place}, change.a${place})`)
}

/**
 * `alias.k0`, … as COPY writes them, which a cast to text does not for every type: true is `t`, an inet has no /32, a char(n) its blanks.
 */
export function keyTexts({ table }: RowImages, alias: string): string[] {
  return table.key!.map((_column, place) => `pg_catalog.format('%s', ${alias}.k${place})`)
}

/** The same key on both sides, by the operators of the key's own index. */
export function sameKey(
  { table }: RowImages,
  left: (place: number, name: string) => string,
  right: (place: number, name: string) => string,
) {
  return table.key!.map(({ name, equal }, place) => `${left(place, name)} OPERATOR(${equal}) ${right(place, name)}`).join(' AND ')
}

/** Without one, rows are told apart by all that stands in them, and equal ones by how many there are. */
export function hasKey({ table }: RowImages): boolean {
  return table.key !== undefined
}

/** All that stands in some columns, as COPY writes it; compared byte by byte. */
export function rowText(columns: readonly string[]): string {
  return `(ROW(${columns.join(', ')})::pg_catalog.text COLLATE pg_catalog."C")`
}

/** The same content: what is written is compared, since not every type knows what is equal (json, point), and 1.0 is not 1.00. */
export function sameText(left: readonly string[], right: readonly string[]): string {
  return `ROW(${left.join(', ')})::pg_catalog.text OPERATOR(pg_catalog.=) ROW(${right.join(', ')})::pg_catalog.text`
}

/** Where its live rows are read. */
export function liveRows({ table }: RowImages): string {
  return rowsOf(table)
}
