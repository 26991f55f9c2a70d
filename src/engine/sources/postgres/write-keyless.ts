import { changeOf } from './choose-changes.ts'
import { quoteLiteral, quoteName, type Connection } from './connection.ts'
import {
  hasKey,
  knownPlaces,
  liveColumns,
  liveRows,
  rowText,
  sharedPlaces,
  type Direction,
  type RecordedWrites,
  type RowImages,
} from './row-images.ts'

/**
 * Rows of a table without a key while they are written, by where they lie: `picked_<oid>` has action, k0 (`tableoid`) and k1 (`ctid`) of each
 * row that is to go, and of each that came. Nobody else writes into the table meanwhile, and the place of a row that went is not used again
 * before the transaction ends.
 */
export const pickedOf = ({ table }: RowImages) => `pg_temp.${quoteName(`picked_${table.oid}`)}`

/** The live row `alias` is one of these. */
export function isPicked(alias: string): string {
  return `picked.k0 OPERATOR(pg_catalog.=) ${alias}.tableoid AND picked.k1 OPERATOR(pg_catalog.=) ${alias}.ctid`
}

/** For how many changes live is not as the change set recorded it. What is to go is picked. */
export async function staleKeyless(connection: Connection, images: RowImages, recorded: RecordedWrites): Promise<number> {
  return (await miscountedRows(connection, images, 'before')) + (await pickRows(connection, images, recorded))
}

/** How many changes did not come out as recorded. */
export async function unwrittenKeyless(connection: Connection, images: RowImages, direction: Direction): Promise<number> {
  return (await miscountedRows(connection, images, 'after')) + (await unlikeRows(connection, images, direction))
}

/** How many changes are of rows of which live has more or fewer than it is to have. */
async function miscountedRows(connection: Connection, images: RowImages, when: 'before' | 'after'): Promise<number> {
  const columns = liveColumns(images, 'live')
  const shared = sharedPlaces(images)
  // `n` numbers equal rows: those that go are the last ones there are, those that come follow the last one.
  const [insert, remove] = when === 'before' ? ['min(n) - 1', 'max(n)'] : ['max(n)', 'min(n) - 1']
  const kind = (action: string, side: string, expected: string) =>
    `SELECT t, pg_catalog.${expected} AS expected, pg_catalog.count(*) AS changes FROM (
       SELECT ${rowText(shared.map((place) => `change.${side}${place}`))} AS t, n FROM ${changeOf(images)} AS change
       WHERE action OPERATOR(pg_catalog.=) '${action}') AS changed GROUP BY t`
  const [row] = await connection.query<{ count: number }>(
    `WITH kinds AS MATERIALIZED (${kind('insert', 'a', insert)} UNION ALL ${kind('delete', 'b', remove)}),
       there AS (SELECT kinds.t, pg_catalog.count(*) AS number FROM kinds
         JOIN ${liveRows(images)} AS live ON kinds.t OPERATOR(pg_catalog.=) ${rowText(shared.map((place) => columns[place]!))} GROUP BY kinds.t)
     SELECT COALESCE(pg_catalog.sum(kinds.changes), 0)::pg_catalog.int4 AS count
     FROM kinds LEFT JOIN there ON there.t OPERATOR(pg_catalog.=) kinds.t
     WHERE COALESCE(there.number, 0) <> kinds.expected`,
  )
  return row!.count
}

/**
 * Chooses the live rows that are to go; whichever of equal ones, but where they differ in columns that the backup knows nothing of, those
 * that the restore itself wrote. Returns for how many of them there is none.
 */
async function pickRows(connection: Connection, images: RowImages, { direction, writtenBy }: RecordedWrites): Promise<number> {
  const known = knownPlaces(images, 'delete', direction)
  const columns = liveColumns(images, 'live')
  const isWhole = known.length === columns.length
  const isOurs =
    isWhole || writtenBy === undefined ? 'true' : `live.xmin::pg_catalog.text OPERATOR(pg_catalog.=) ${quoteLiteral(writtenBy)}`
  await connection.query(
    `CREATE TEMPORARY TABLE ${quoteName(`picked_${images.table.oid}`)} (action pg_catalog.text, k0 pg_catalog.oid, k1 pg_catalog.tid, PRIMARY KEY (k0, k1))
       ON COMMIT DROP`,
  )
  await connection.query(
    `WITH wanted AS MATERIALIZED (SELECT t, pg_catalog.count(*) AS number FROM (
         SELECT ${rowText(known.map((place) => `change.b${place}`))} AS t FROM ${changeOf(images)} AS change
         WHERE action OPERATOR(pg_catalog.=) 'delete') AS changed GROUP BY t),
       found AS (SELECT live.tableoid AS k0, live.ctid AS k1, ${isOurs} AS ours, wanted.t, wanted.number
         FROM wanted JOIN ${liveRows(images)} AS live ON wanted.t OPERATOR(pg_catalog.=) ${rowText(known.map((place) => columns[place]!))}),
       numbered AS (SELECT *, pg_catalog.row_number() OVER (PARTITION BY t ORDER BY ours DESC, k0, k1) AS place,
           pg_catalog.count(*) OVER (PARTITION BY t) AS there FROM found)
     INSERT INTO ${pickedOf(images)} SELECT 'delete', k0, k1 FROM numbered
     WHERE place OPERATOR(pg_catalog.<=) number AND (ours OR there OPERATOR(pg_catalog.=) number)`,
  )
  await connection.query(`ANALYZE ${pickedOf(images)}`)
  const [row] = await connection.query<{ count: number }>(
    `SELECT ((SELECT pg_catalog.count(*) FROM ${changeOf(images)} WHERE action OPERATOR(pg_catalog.=) 'delete')
       - (SELECT pg_catalog.count(*) FROM ${pickedOf(images)}))::pg_catalog.int4 AS count`,
  )
  return row!.count
}

/** How many rows that were inserted are not what was to be inserted. */
async function unlikeRows(connection: Connection, images: RowImages, direction: Direction): Promise<number> {
  const known = knownPlaces(images, 'insert', direction)
  const columns = liveColumns(images, 'live')
  const [row] = await connection.query<{ count: number }>(
    `SELECT pg_catalog.count(*)::pg_catalog.int4 AS count FROM (
       SELECT ${rowText(known.map((place) => `change.a${place}`))} FROM ${changeOf(images)} AS change WHERE action OPERATOR(pg_catalog.=) 'insert'
       EXCEPT ALL
       SELECT ${rowText(known.map((place) => columns[place]!))} FROM ${pickedOf(images)} AS picked JOIN ${liveRows(images)} AS live ON ${isPicked('live')}
       WHERE picked.action OPERATOR(pg_catalog.=) 'insert') AS missing`,
  )
  return row!.count
}

export function deletePickedSql(images: RowImages): string {
  return `DELETE FROM ${liveRows(images)} AS live USING ${pickedOf(images)} AS picked
    WHERE picked.action OPERATOR(pg_catalog.=) 'delete' AND ${isPicked('live')}`
}

/** Beside a part of a statement that inserts, and returns `tableoid` and `ctid` of what it inserted. */
export function pickInsertedSql(images: RowImages, part: string): string {
  return `INSERT INTO ${pickedOf(images)} SELECT 'insert', tableoid, ctid FROM ${part}`
}

/** `xmin` of the rows that were inserted, of all of them the same; undefined when there were none in tables without a key. */
export async function writerOf(connection: Connection, tables: readonly RowImages[]): Promise<string | undefined> {
  for (const images of tables.filter((one) => !hasKey(one))) {
    const [row] = await connection.query<{ xmin: string }>(
      `SELECT live.xmin::pg_catalog.text AS xmin FROM ${pickedOf(images)} AS picked JOIN ${liveRows(images)} AS live ON ${isPicked('live')}
       WHERE picked.action OPERATOR(pg_catalog.=) 'insert' LIMIT 1`,
    )
    if (row) return row.xmin
  }
  return undefined
}
