import type { Connection } from './connection.ts'
import { userSchemas } from './coverage.ts'

/**
 * Tables whose columns come back in another order. pg_dump writes a table that inherits with its own columns alone, and
 * the server puts what it inherits before them, one parent after the other, each in the order that it has by then.
 */
export async function reorderedTables(connection: Connection): Promise<{ name: string }[]> {
  const tables = await connection.query<TableRow>(tablesSql)
  const known = new Map(tables.map((table) => [table.oid, table]))
  return tables.filter((table) => !isEqual(restoredOrder(table, known), table.columns))
}

interface TableRow {
  oid: string
  name: string
  /** In their order now. */
  columns: string[]
  /** Those that the table defines itself, maybe besides inheriting them. */
  own: string[]
  /** In the order of INHERITS. */
  parents: string[]
}

// What inherits or is inherited from. Partitions are dumped with all their columns and attached.
const tablesSql = `
  SELECT c.oid::pg_catalog.text AS oid, pg_catalog.format('%s.%s', n.nspname, c.relname) AS name,
    ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
    ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attislocal ORDER BY a.attnum) AS own,
    ARRAY(SELECT i.inhparent::pg_catalog.text FROM pg_catalog.pg_inherits i
      WHERE i.inhrelid = c.oid ORDER BY i.inhseqno) AS parents
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'f') AND NOT c.relispartition AND c.relpersistence <> 't' AND ${userSchemas}
    AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent))
  ORDER BY 2`

function restoredOrder(table: TableRow, known: ReadonlyMap<string, TableRow>): string[] {
  if (table.parents.length === 0) return table.columns
  const inherited = table.parents.flatMap((oid) => {
    const parent = known.get(oid)
    return parent ? restoredOrder(parent, known) : []
  })
  return [...new Set([...inherited, ...table.own])]
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, i) => name === other[i])
}
