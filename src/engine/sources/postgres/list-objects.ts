import { quoteName, type Connection } from './connection.ts'
import { isExtensionConfiguration, isExtensionMember, userSchemas } from './coverage.ts'
import type { DatabaseSection } from './database-section.ts'
import { columnsOf, type ListedColumn } from './list-tables.ts'

export interface ListedView {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly isPopulated: boolean
  /** `pg_class.relfilenode` in the snapshot: another one later means that a REFRESH has replaced the rows. */
  readonly fileNode: string
  readonly columns: readonly ListedColumn[]
}

/** LOCK takes no materialized views, so a REFRESH may come between: see `isRefreshedSince`. */
export async function listMaterializedViews(connection: Connection): Promise<ListedView[]> {
  const rows = await connection.query<Omit<ListedView, 'columns'>>(
    `SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relispopulated AS "isPopulated", c.relfilenode::text AS "fileNode"
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'm' AND ${userSchemas} AND NOT ${isExtensionMember('c')}
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
  )
  const columns = await columnsOf(
    connection,
    rows.map((row) => row.oid),
  )
  return rows.map((row) => ({ ...row, columns: columns.get(row.oid) ?? [] }))
}

/** True when the view's rows were replaced after the snapshot, which then reads it as empty. */
export async function isRefreshedSince(connection: Connection, view: ListedView): Promise<boolean> {
  const [row] = await connection.query<{ fileNode: string }>(
    'SELECT coalesce(pg_catalog.pg_relation_filenode($1::pg_catalog.int8::pg_catalog.oid), 0)::text AS "fileNode"',
    [view.oid],
  )
  return row?.fileNode !== view.fileNode
}

const sequencesInQuery = 200

/** Sequences obey no snapshot: read before pg_dump starts, so what the dump holds is the same or further on. */
export async function readSequences(connection: Connection): Promise<DatabaseSection['sequences']> {
  const listed = await connection.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'S' AND ${userSchemas} AND c.relpersistence <> 't'
       AND (NOT ${isExtensionMember('c')} OR ${isExtensionConfiguration('c')})
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
  )
  const sequences: DatabaseSection['sequences'] = []
  for (let from = 0; from < listed.length; from += sequencesInQuery) {
    const part = listed.slice(from, from + sequencesInQuery)
    const selects = part.map(
      ({ schema, name }, i) =>
        `SELECT ${i} AS place, last_value::text AS "lastValue", is_called AS "isCalled" FROM ${quoteName(schema, name)}`,
    )
    const values = await connection.query<{ place: number; lastValue: string; isCalled: boolean }>(selects.join(' UNION ALL '))
    for (const { place, lastValue, isCalled } of values.toSorted((a, b) => a.place - b.place)) {
      sequences.push({ ...part[place]!, lastValue, isCalled })
    }
  }
  return sequences
}

export async function countLargeObjects(connection: Connection): Promise<{ count: number; bytes: number }> {
  const [row] = await connection.query<{ count: string; bytes: string }>(
    `WITH sized AS MATERIALIZED (${sizedObjectsSql}) SELECT count(*)::text AS count, coalesce(sum(size), 0)::text AS bytes FROM sized`,
  )
  return { count: Number(row?.count ?? 0), bytes: Number(row?.bytes ?? 0) }
}

// A size is where seeking to the end leads. OFFSET 0 keeps the descriptor from being opened once per mention.
const sizedObjectsSql = `
  SELECT oid, pg_catalog.lo_lseek64(fd, 0, 2) AS size, pg_catalog.lo_close(fd) AS closed
  FROM (SELECT m.oid, pg_catalog.lo_open(m.oid, 262144) AS fd FROM pg_catalog.pg_largeobject_metadata m OFFSET 0) AS opened`

/**
 * One line per 64 KiB of each large object, read through its own functions: pages of pg_largeobject would tell a hole
 * from zeros, which a restore does not.
 */
export const largeObjectsCopy = `COPY (
  WITH sized AS MATERIALIZED (${sizedObjectsSql})
  SELECT oid, place, pg_catalog.lo_get(oid, place, 65536)
  FROM sized, pg_catalog.generate_series(0::bigint, greatest(size - 1, 0), 65536) AS place
) TO STDOUT`

/** COPY of a whole query result, for rows that have no segment of their own. */
export function copyOfColumns(from: string, columns: readonly ListedColumn[]): string {
  return `COPY (SELECT ${columns.map((column) => quoteName(column.name)).join(', ')} FROM ${from}) TO STDOUT`
}
