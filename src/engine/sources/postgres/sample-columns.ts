import { quoteName, type Connection } from './connection.ts'

/** Rows of a table that are looked at, at most, and characters of each value. */
export const sampledRowsMax = 500
const sampledCharactersMax = 400

/** Below this the first rows are as good as any; a larger table is read in places that are spread over it. */
const spreadFromRows = 20_000

/**
 * Some values of each column, NULL left out, in no order. Few rows are read, whatever the size of the table; a value is cut. Only
 * the output functions of the types run, as for a backup.
 */
export async function sampleColumns(
  connection: Connection,
  table: { readonly schema: string; readonly name: string },
  columns: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (columns.length === 0) return new Map()
  const [size] = await connection.query<{ rows: number }>(
    `SELECT greatest(sum(c.reltuples), 0)::pg_catalog.float8 AS rows FROM pg_catalog.pg_class c
     WHERE c.oid = $1::pg_catalog.regclass OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree($1::pg_catalog.regclass) WHERE isleaf)`,
    [quoteName(table.schema, table.name)],
  )
  const rows = size?.rows ?? 0
  // Twice as much as is wanted, since pages are not equally full.
  const spread =
    rows > spreadFromRows ? ` TABLESAMPLE SYSTEM (${Math.min(100, (200 * sampledRowsMax) / rows).toFixed(6)}) REPEATABLE (1)` : ''
  const texts = columns.map((column) => `pg_catalog.left(pg_catalog.format('%s', t.${quoteName(column)}), ${sampledCharactersMax})`)
  const isNull = columns.map((column) => `t.${quoteName(column)} IS NULL`)
  const found = await connection.query<{ values: (string | null)[] }>(
    `SELECT ARRAY[${texts.map((text, at) => `CASE WHEN ${isNull[at]} THEN NULL ELSE ${text} END`).join(', ')}]::pg_catalog.text[] AS values
     FROM ${quoteName(table.schema, table.name)} AS t${spread} LIMIT ${sampledRowsMax}`,
  )
  return new Map(columns.map((column, at) => [column, found.flatMap(({ values }) => values[at] ?? [])]))
}
