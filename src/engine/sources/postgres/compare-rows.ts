import { isRow, type Closure } from './closure.ts'
import { quoteName, type Connection } from './connection.ts'
import { pumpRows } from './pump-rows.ts'
import { rowsOf, type GraphTable } from './reference-graph.ts'
import { keyPlaces, liveColumns, sameKey, sameText, sharedPlaces, liveRows, type RowImages } from './row-images.ts'

/**
 * What a row is when the backup is laid beside what is live.
 * `insert`: in the backup alone. `update`: in both, different. `delete`: live alone, written since. `unchanged`.
 * `elsewhere`: the backup's row is live and belongs to somebody else by now. `moved-here`: the live row belonged to somebody else in the
 * backup. `parent-missing`: a row that only has to exist does not. `present`, `present-different`: it does.
 */
export const rowClasses = [
  'insert',
  'update',
  'delete',
  'unchanged',
  'elsewhere',
  'moved-here',
  'parent-missing',
  'present',
  'present-different',
] as const
export type RowClass = (typeof rowClasses)[number]

/** Two sessions in one view each, under the same settings, with the closure that each of them found. */
export interface TwoSides {
  readonly live: Connection
  readonly backup: Connection
  readonly liveClosure: Closure
  readonly backupClosure: Closure
}

export type ClassCounts = Readonly<Record<RowClass, number>>

/**
 * Lays the backup's rows of one table beside the live ones, in temporary tables of the live session: `verdict_<oid>` says of each row
 * what it is, `theirs_<oid>` holds the backup's (`own` true, false when it only has to exist, null when it was somebody else's).
 * `backupTable` is undefined when the backup has no such table. ENTITY_DRIFT when a value does not fit the type that its column has now.
 */
export async function compareRows(
  sides: TwoSides,
  images: RowImages,
  backupTable: GraphTable | undefined,
  signal: AbortSignal,
): Promise<ClassCounts> {
  const comparison = new Comparison(sides, images)
  await makeTheirs(sides.live, images)
  await comparison.makeTables()
  if (backupTable) await comparison.loadTheirs(backupTable, signal)
  await comparison.judge()
  if (backupTable) await comparison.askForOthers(backupTable, signal)
  return await countClasses(sides.live, images)
}

export const verdictOf = ({ table }: RowImages) => `pg_temp.${quoteName(`verdict_${table.oid}`)}`
export const theirsOf = ({ table }: RowImages) => `pg_temp.${quoteName(`theirs_${table.oid}`)}`

/** `theirs_<oid>`, empty, with the types that the columns have now. */
export async function makeTheirs(live: Connection, images: RowImages): Promise<void> {
  const columns = liveColumns(images, 'live').map((column, place) => `${column} AS c${place}`)
  await live.query(
    `CREATE TEMPORARY TABLE ${quoteName(`theirs_${images.table.oid}`)} ON COMMIT DROP AS
       SELECT true AS own, ${columns.join(', ')} FROM ${liveRows(images)} AS live WITH NO DATA`,
  )
}

export async function countClasses(live: Connection, images: RowImages): Promise<ClassCounts> {
  const rows = await live.query<{ class: RowClass; count: string }>(
    `SELECT class, pg_catalog.count(*) AS count FROM ${verdictOf(images)} GROUP BY class`,
  )
  const found = new Map(rows.map((row) => [row.class, Number(row.count)]))
  return Object.fromEntries(rowClasses.map((name) => [name, found.get(name) ?? 0])) as ClassCounts
}

/** More rows than these get statistics, so that the server joins them by hashing. */
const analyzedRowsMin = 1_000

class Comparison {
  readonly #sides: TwoSides
  readonly #images: RowImages
  readonly #verdict: string
  readonly #theirs: string
  readonly #keys: readonly string[]

  constructor(sides: TwoSides, images: RowImages) {
    this.#sides = sides
    this.#images = images
    this.#verdict = verdictOf(images)
    this.#theirs = theirsOf(images)
    this.#keys = images.table.key!.map((_column, place) => `k${place}`)
  }

  async makeTables(): Promise<void> {
    const { live } = this.#sides
    const { table } = this.#images
    const keys = table.key!.map(({ name }, place) => `live.${quoteName(name)} AS k${place}`)
    await live.query(
      `CREATE TEMPORARY TABLE ${quoteName(`verdict_${table.oid}`)} ON COMMIT DROP AS
         SELECT ''::pg_catalog.text AS class, ${keys.join(', ')} FROM ${liveRows(this.#images)} AS live WITH NO DATA`,
    )
  }

  /** The backup's rows of the entity and those that it needs. */
  async loadTheirs(backupTable: GraphTable, signal: AbortSignal): Promise<void> {
    const { backupClosure } = this.#sides
    const place = backupClosure.placeOf(backupTable)
    if (place === undefined) return
    await this.#pumpTheirs(backupTable, { place, own: 'found.own', found: isRow(backupTable, 'found', 'source') }, signal)
  }

  async judge(): Promise<void> {
    const { live, liveClosure } = this.#sides
    const mine = liveClosure.placeOf(this.#images.table)
    const { theirKey, equal } = this.#sideBySide()
    const isMine = mine === undefined ? 'false' : 'mine.own IS TRUE'
    const joinMine =
      mine === undefined ? '' : `LEFT JOIN ${mine} AS mine ON ${sameKey(this.#images, (place) => `mine.k${place}`, theirKey)}`
    await live.query(
      `INSERT INTO ${this.#verdict}
       SELECT CASE WHEN live.tableoid IS NULL THEN CASE WHEN theirs.own THEN 'insert' ELSE 'parent-missing' END
                   WHEN ${equal} THEN CASE WHEN theirs.own THEN 'unchanged' ELSE 'present' END
                   WHEN NOT theirs.own THEN 'present-different'
                   WHEN ${isMine} THEN 'update' ELSE 'elsewhere' END, ${this.#keys.map((_key, place) => theirKey(place)).join(', ')}
       FROM ${this.#theirs} AS theirs
         LEFT JOIN ${liveRows(this.#images)} AS live ON ${sameKey(this.#images, (_place, name) => `live.${quoteName(name)}`, theirKey)}
         ${joinMine}`,
    )
    if (mine === undefined) return
    await live.query(
      `INSERT INTO ${this.#verdict} SELECT 'delete', ${this.#keys.map((key) => `mine.${key}`).join(', ')} FROM ${mine} AS mine
       WHERE mine.own AND NOT EXISTS (SELECT FROM ${this.#theirs} AS theirs
         WHERE ${sameKey(this.#images, (place) => `mine.k${place}`, theirKey)})`,
    )
  }

  /**
   * A live row that the entity has by now and had not in the backup may have been somebody else's then: to delete it would take it
   * from both. Whether it was there at all is asked of the backup.
   */
  async askForOthers(backupTable: GraphTable, signal: AbortSignal): Promise<void> {
    const { live, backup } = this.#sides
    const [row] = await live.query<{ count: string }>(
      `SELECT pg_catalog.count(*) AS count FROM ${this.#verdict} WHERE class OPERATOR(pg_catalog.=) 'delete'`,
    )
    if (row!.count === '0') return
    const asked = quoteName(`asked_${backupTable.oid}`)
    const { key } = this.#images.table
    const keys = key!.map(({ name }, place) => `source.${quoteName(name)} AS k${place}`)
    await backup.query(
      `CREATE TEMPORARY TABLE ${asked} ON COMMIT DROP AS SELECT ${keys.join(', ')} FROM ${rowsOf(backupTable)} AS source WITH NO DATA`,
    )
    const what = `${backupTable.schema}.${backupTable.name}`
    await pumpRows(
      {
        from: live,
        read: `COPY (SELECT ${this.#keys.join(', ')} FROM ${this.#verdict} WHERE class OPERATOR(pg_catalog.=) 'delete') TO STDOUT`,
        to: backup,
        write: `COPY pg_temp.${asked} FROM STDIN`,
        what,
      },
      signal,
    )
    const found = sameKey(
      this.#images,
      (place) => `found.k${place}`,
      (_place, name) => `source.${quoteName(name)}`,
    )
    await this.#pumpTheirs(backupTable, { place: `pg_temp.${asked}`, own: 'NULL', found }, signal)
    await this.#judgeOthers()
  }

  /** How `theirs` is laid beside `live`: by its key, and by all that the backup has a value for. */
  #sideBySide() {
    const keyAt = keyPlaces(this.#images)
    const shared = sharedPlaces(this.#images)
    const live = liveColumns(this.#images, 'live')
    return {
      theirKey: (place: number) => `theirs.c${keyAt[place]!}`,
      equal: sameText(
        shared.map((place) => live[place]!),
        shared.map((place) => `theirs.c${place}`),
      ),
    }
  }

  async #judgeOthers(): Promise<void> {
    const { live } = this.#sides
    const { theirKey, equal } = this.#sideBySide()
    await live.query(
      `UPDATE ${this.#verdict} AS verdict SET class = CASE WHEN ${equal} THEN 'unchanged' ELSE 'moved-here' END
       FROM ${this.#theirs} AS theirs, ${liveRows(this.#images)} AS live
       WHERE verdict.class OPERATOR(pg_catalog.=) 'delete' AND theirs.own IS NULL
         AND ${sameKey(this.#images, (place) => `verdict.k${place}`, theirKey)}
         AND ${sameKey(this.#images, (_place, name) => `live.${quoteName(name)}`, theirKey)}`,
    )
  }

  async #pumpTheirs(
    backupTable: GraphTable,
    { place, own, found }: { readonly place: string; readonly own: string; readonly found: string },
    signal: AbortSignal,
  ) {
    const shared = sharedPlaces(this.#images)
    const { columns } = this.#images
    const read = shared.map((at) => `source.${quoteName(columns[at]!.name)}`)
    const loaded = await pumpRows(
      {
        from: this.#sides.backup,
        read: `COPY (SELECT ${own}, ${read.join(', ')} FROM ${place} AS found JOIN ${rowsOf(backupTable)} AS source ON ${found}) TO STDOUT`,
        to: this.#sides.live,
        write: `COPY ${this.#theirs} (own, ${shared.map((at) => `c${at}`).join(', ')}) FROM STDIN`,
        what: `${backupTable.schema}.${backupTable.name}`,
        columns,
      },
      signal,
    )
    if (loaded >= analyzedRowsMin) await this.#sides.live.query(`ANALYZE ${this.#theirs}`)
  }
}
