import type { Connection } from './connection.ts'
import { isExtensionConfiguration, isExtensionMember, userSchemas } from './coverage.ts'
import type { TableMasks } from './table-masks.ts'

export interface ListedColumn {
  readonly name: string
  /** `format_type`, with its modifiers. */
  readonly type: string
  readonly isGenerated: boolean
}

export interface ListedTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** Rows stand in segments, unless the table belongs to an extension: then in the dump, under the extension's condition. */
  readonly extensionCondition: string | undefined
  readonly isUnlogged: boolean
  readonly isHeap: boolean
  /** Pages of the main fork, 8 KiB by default. */
  readonly pages: number
  readonly columns: readonly ListedColumn[]
  readonly loadVia: { readonly schema: string; readonly table: string } | undefined
  /** Of a masked capture: what becomes of its rows. */
  readonly masks?: TableMasks | undefined
}

/** A relation that is locked and whose identity is compared. */
export interface ListedRelation {
  readonly oid: number
  readonly schema: string
  readonly name: string
}

const captured = `${userSchemas} AND c.relpersistence <> 't' AND (NOT ${isExtensionMember('c')} OR ${isExtensionConfiguration('c')})`

/** Everything that is locked before the snapshot: tables and the roots of partitions. */
export async function listRelations(connection: Connection): Promise<ListedRelation[]> {
  return await connection.query<{ oid: number; schema: string; name: string }>(
    `SELECT c.oid, n.nspname AS schema, c.relname AS name
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND ${captured}
     ORDER BY c.oid`,
  )
}

/** Tables that hold rows, inside the snapshot. Temporary and foreign tables are not among them. */
export async function listTables(connection: Connection): Promise<ListedTable[]> {
  const rows = await connection.query<TableRow>(tablesSql)
  const columns = await columnsOf(
    connection,
    rows.flatMap((row) => (row.rootOid === null ? [row.oid] : [row.oid, row.rootOid])),
  )
  return rows.map((row) => ({
    oid: row.oid,
    schema: row.schema,
    name: row.name,
    extensionCondition: row.condition ?? undefined,
    isUnlogged: row.persistence === 'u',
    isHeap: row.method === 'heap',
    pages: Number(row.pages),
    // Rows that go through the root may come to lie in other leaves: in one order of columns their hash stays the same.
    columns: columns.get(row.rootOid ?? row.oid) ?? [],
    loadVia: row.rootSchema === null ? undefined : { schema: row.rootSchema, table: row.rootName! },
  }))
}

interface TableRow {
  oid: number
  schema: string
  name: string
  persistence: string
  method: string | null
  pages: string
  condition: string | null
  rootSchema: string | null
  rootName: string | null
  rootOid: number | null
}

// pg_dump.c getPartitioningInfo: hash partitions on an enum key must be loaded through the root, since the hash of an
// enum value is that of its OID, which differs in the restored database.
const tablesSql = `
  WITH RECURSIVE above (leaf, oid) AS (
    SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_class ON oid = inhrelid WHERE relispartition
    UNION ALL
    SELECT above.leaf, i.inhparent FROM above JOIN pg_catalog.pg_inherits i ON i.inhrelid = above.oid
      JOIN pg_catalog.pg_class c ON c.oid = above.oid WHERE c.relispartition
  ), unsafe AS (
    SELECT DISTINCT above.leaf FROM above JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = above.oid
    WHERE EXISTS (
      SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am a ON a.oid = o.opcmethod
      WHERE a.amname = 'hash' AND o.opcname = 'enum_ops' AND o.opcnamespace = 'pg_catalog'::pg_catalog.regnamespace
        AND o.oid = ANY (p.partclass::oid[]))
  ), root AS (
    SELECT unsafe.leaf, r.oid, r.relname, rn.nspname
    FROM unsafe JOIN above ON above.leaf = unsafe.leaf
      JOIN pg_catalog.pg_class r ON r.oid = above.oid AND NOT r.relispartition
      JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
  )
  SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relpersistence AS persistence, am.amname AS method,
         pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint AS pages,
         (SELECT coalesce(e.extcondition[array_position(e.extconfig, c.oid)], '') FROM pg_catalog.pg_extension e
           WHERE c.oid = ANY (e.extconfig) LIMIT 1) AS condition,
         root.nspname AS "rootSchema", root.relname AS "rootName", root.oid AS "rootOid"
  FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
    LEFT JOIN root ON root.leaf = c.oid
  WHERE c.relkind = 'r' AND ${captured}
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`

/** Columns in their order, without dropped ones. */
export async function columnsOf(connection: Connection, oids: readonly number[]): Promise<Map<number, ListedColumn[]>> {
  const rows = await connection.query<{ relation: number; name: string; type: string; isGenerated: boolean }>(
    `SELECT a.attrelid AS relation, a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
            a.attgenerated <> '' AS "isGenerated"
     FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = ANY ($1::pg_catalog.int8[]::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attrelid, a.attnum`,
    [oids],
  )
  const columns = new Map<number, ListedColumn[]>()
  for (const { relation, name, type, isGenerated } of rows) {
    const list = columns.get(relation) ?? []
    list.push({ name, type, isGenerated })
    columns.set(relation, list)
  }
  return columns
}
