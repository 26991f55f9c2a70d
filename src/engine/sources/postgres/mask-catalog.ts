import type { Connection } from './connection.ts'
import { isExtensionMember, userSchemas } from './coverage.ts'
import { readReferenceGraph, type GraphReference } from './reference-graph.ts'

/** A column with everything that decides which masks it may have. */
export interface MaskableColumn {
  readonly name: string
  /** As `format_type` writes it. */
  readonly type: string
  /** Below its domains: the type by its bare name (`varchar`, `_text`), where it stands, and how it is written. */
  readonly base: string
  readonly isBuiltIn: boolean
  readonly baseType: string
  readonly isEnum: boolean
  /** `atttypmod` of the base type; -1 without one. */
  readonly modifier: number
  readonly isNotNull: boolean
  readonly isGenerated: boolean
  /** Equal means the same bytes. */
  readonly isDeterministic: boolean
  /** Of a default that is a constant: the expression. */
  readonly constantDefault: string | null
  /** Its value decides in which partition a row lies. */
  readonly isPartitionKey: boolean
}

/** Columns of one unique index or exclusion constraint; `hasExpressions` when not all of it are columns. */
export interface UniqueSet {
  readonly name: string
  readonly columns: readonly string[]
  readonly hasExpressions: boolean
  /** Two NULLs are the same. */
  readonly nullsEqual: boolean
}

export interface MaskableTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly columns: readonly MaskableColumn[]
  readonly uniques: readonly UniqueSet[]
  /** `hash`, `list` or `range` of a partitioned table. */
  readonly partitioning: string | null
  /** A partition takes what no other one does. */
  readonly hasDefaultPartition: boolean
  /** Tables that this one inherits from, as PostgreSQL's inheritance has it. */
  readonly parents: readonly number[]
}

export interface MaskCatalog {
  readonly tables: readonly MaskableTable[]
  readonly references: readonly GraphReference[]
  /** Of each partition with rows: the table it is a part of. */
  readonly rootOf: ReadonlyMap<number, number>
}

/** Everything that masks are decided by. Partitions count as their root. Reads the catalog alone. */
export async function readMaskCatalog(connection: Connection): Promise<MaskCatalog> {
  const tables = await connection.query<Omit<MaskableTable, 'columns' | 'uniques'>>(tablesSql)
  const columns = await connection.query<MaskableColumn & { readonly table: number }>(columnsSql)
  const uniques = await connection.query<UniqueSet & { readonly table: number }>(uniquesSql)
  const leaves = await connection.query<{ leaf: number; root: number }>(leavesSql)
  const { references } = await readReferenceGraph(connection)
  const columnsOf = Map.groupBy(columns, ({ table }) => table)
  const uniquesOf = Map.groupBy(uniques, ({ table }) => table)
  return {
    tables: tables.map((table) => ({ ...table, columns: columnsOf.get(table.oid) ?? [], uniques: uniquesOf.get(table.oid) ?? [] })),
    references,
    rootOf: new Map(leaves.map(({ leaf, root }) => [leaf, root])),
  }
}

/** What a constant of the catalog is, written as a value: no function of a user is called. */
export async function constantText(connection: Connection, expression: string): Promise<string | null> {
  const [row] = await connection.query<{ value: string | null }>(`SELECT pg_catalog.format('%s', ${expression}) AS value`)
  return row?.value ?? null
}

/** A value as the server writes it; faults with the server's own words when the type does not take it. */
export async function canonicalText(connection: Connection, type: string, value: string): Promise<string> {
  const [row] = await connection.query<{ value: string }>(`SELECT pg_catalog.format('%s', CAST($1::pg_catalog.text AS ${type})) AS value`, [
    value,
  ])
  return row!.value
}

const masked = `c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' AND ${userSchemas} AND NOT ${isExtensionMember('c')}`

const tablesSql = `
  SELECT c.oid, n.nspname AS schema, c.relname AS name,
         (SELECT CASE p.partstrat WHEN 'h' THEN 'hash' WHEN 'l' THEN 'list' ELSE 'range' END
          FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = c.oid) AS partitioning,
         coalesce((SELECT p.partdefid <> 0 FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = c.oid), false) AS "hasDefaultPartition",
         (SELECT coalesce(json_agg(i.inhparent::pg_catalog.int8 ORDER BY i.inhseqno), '[]') FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid) AS parents
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE ${masked}
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`

// A key of partitions may stand at any level; one that is an expression names its columns in its text alone.
const columnsSql = `
  WITH RECURSIVE base (relation, number, oid, modifier, "isNotNull", level) AS (
    SELECT a.attrelid, a.attnum, a.atttypid, a.atttypmod, a.attnotnull, 0
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped AND ${masked}
    UNION ALL
    SELECT b.relation, b.number, t.typbasetype, CASE WHEN b.modifier = -1 THEN t.typtypmod ELSE b.modifier END, b."isNotNull" OR t.typnotnull, b.level + 1
    FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd'
  ), keys (root, name) AS (
    SELECT coalesce(pg_catalog.pg_partition_root(p.partrelid)::pg_catalog.oid, p.partrelid), k.attname
    FROM pg_catalog.pg_partitioned_table p JOIN pg_catalog.pg_attribute k ON k.attrelid = p.partrelid AND k.attnum > 0 AND NOT k.attisdropped
    WHERE k.attnum = ANY (p.partattrs::pg_catalog.int2[])
       OR p.partexprs IS NOT NULL AND pg_catalog.strpos(pg_catalog.pg_get_expr(p.partexprs, p.partrelid), pg_catalog.quote_ident(k.attname)) > 0
  )
  SELECT a.attrelid AS "table", a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
         t.typname AS base, t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace AS "isBuiltIn",
         pg_catalog.format_type(b.oid, b.modifier) AS "baseType", t.typtype = 'e' AS "isEnum", b.modifier, b."isNotNull",
         a.attgenerated <> '' AS "isGenerated",
         coalesce((SELECT o.collisdeterministic FROM pg_catalog.pg_collation o WHERE o.oid = a.attcollation), true) AS "isDeterministic",
         (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d
          WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated = '' AND d.adbin::pg_catalog.text LIKE '{CONST %') AS "constantDefault",
         EXISTS (SELECT FROM keys WHERE keys.root = a.attrelid AND keys.name = a.attname) AS "isPartitionKey"
  FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid JOIN pg_catalog.pg_attribute a ON a.attrelid = b.relation AND a.attnum = b.number
  WHERE t.typtype <> 'd'
  ORDER BY a.attrelid, a.attnum`

// An index of one partition alone counts for the whole table.
const uniquesSql = `
  SELECT DISTINCT coalesce(pg_catalog.pg_partition_root(i.indrelid)::pg_catalog.oid, i.indrelid) AS "table", x.relname AS name,
         0 = ANY (i.indkey::pg_catalog.int2[]) AS "hasExpressions",
         coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::pg_catalog.bool, false) AS "nullsEqual",
         ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS place(n)
           JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[place.n] ORDER BY place.n) AS columns
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE (i.indisunique OR i.indisexclusion) AND i.indisvalid AND ${userSchemas}
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits up WHERE up.inhrelid = i.indexrelid)
  ORDER BY 1, 2`

const leavesSql = `
  SELECT c.oid AS leaf, pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid AS root
  FROM pg_catalog.pg_class c WHERE c.relispartition AND c.relkind = 'r'`
