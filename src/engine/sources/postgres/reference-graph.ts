import { quoteName, type Connection } from './connection.ts'
import { isExtensionMember, userSchemas } from './coverage.ts'

/** One column of a key, with the operator that its index compares it with: no `search_path` decides what is equal. */
export interface KeyColumn {
  readonly name: string
  /** `"pg_catalog".=`, to stand in `OPERATOR(…)`. */
  readonly equal: string
}

export interface GraphTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** Its rows lie in partitions. */
  readonly isPartitioned: boolean
  /** The primary key, else the replica identity, else the narrowest unique key without nulls; undefined where there is none. */
  readonly key: readonly KeyColumn[] | undefined
  /** Columns by each of which a row is found: with a unique index on it alone. */
  readonly uniqueColumns: readonly KeyColumn[]
  /** By statistics; null before the first ANALYZE. */
  readonly rowsEstimate: number | null
  readonly columns: readonly GraphColumn[]
}

export interface GraphColumn {
  readonly name: string
  readonly type: string
  readonly isNotNull: boolean
  /** The server makes its value; nobody may write it. */
  readonly isGenerated: boolean
}

export type OnDelete = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default'

/** A foreign key: rows of `child` name rows of `parent`. One that stands on partitions counts once, at the root of them. */
export interface GraphReference {
  readonly name: string
  readonly child: number
  readonly parent: number
  readonly columns: readonly string[]
  readonly parentColumns: readonly string[]
  /** `parent OPERATOR(…) child`, column by column (pg_constraint.conpfeqop). */
  readonly equal: readonly string[]
  /** Every column is NOT NULL. */
  readonly isRequired: boolean
  readonly onDelete: OnDelete
  readonly isDeferrable: boolean
  /** Nothing but the table that `child` inherits these columns from has the key: no constraint holds for rows of `child`. */
  readonly isInherited: boolean
  /** An index begins with these columns: who names a parent is found without reading the whole table. */
  readonly isIndexed: boolean
}

export interface ReferenceGraph {
  readonly tables: readonly GraphTable[]
  readonly references: readonly GraphReference[]
}

/**
 * In FROM, UPDATE and DELETE: the rows of this very table. Those of tables that inherit from it are rows of theirs, with keys that may
 * be the same; those of its partitions are its own.
 */
export function rowsOf({ schema, name, isPartitioned }: Pick<GraphTable, 'schema' | 'name' | 'isPartitioned'>): string {
  return `${isPartitioned ? '' : 'ONLY '}${quoteName(schema, name)}`
}

/** Tables with their keys, and which refers to which. Partitions count as their root. Reads the catalog alone. */
export async function readReferenceGraph(connection: Connection): Promise<ReferenceGraph> {
  const tables = await connection.query<GraphTable & { key: KeyColumn[] | null }>(tablesSql)
  const references = await connection.query<GraphReference>(referencesSql)
  const known = new Set(tables.map(({ oid }) => oid))
  return {
    tables: tables.map((table) => ({ ...table, key: table.key ?? undefined })),
    references: references.filter(({ child, parent }) => known.has(child) && known.has(parent)),
  }
}

const operatorText = (operator: string) =>
  `(SELECT pg_catalog.quote_ident(n.nspname) || '.' || o.oprname FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid = ${operator})`

/** The equality of the index's own operator class, for the type that the class is made for (btree strategy 3). */
const indexEquality = `(SELECT am.amopopr FROM pg_catalog.pg_opclass oc JOIN pg_catalog.pg_amop am ON am.amopfamily = oc.opcfamily
  AND am.amopstrategy = 3 AND am.amoplefttype = oc.opcintype AND am.amoprighttype = oc.opcintype WHERE oc.oid = i.indclass[place.n - 1])`

const tablesSql = `
  SELECT c.oid, ns.nspname AS schema, c.relname AS name, c.relkind OPERATOR(pg_catalog.=) 'p' AS "isPartitioned",
         CASE WHEN c.relkind = 'p' THEN (SELECT nullif(sum(greatest(l.reltuples, 0)), 0) FROM pg_catalog.pg_partition_tree(c.oid) t
                JOIN pg_catalog.pg_class l ON l.oid = t.relid WHERE t.isleaf)
              WHEN c.reltuples < 0 THEN NULL ELSE c.reltuples END::float8 AS "rowsEstimate",
         (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'equal', ${operatorText(indexEquality)}) ORDER BY a.attnum), '[]')
          FROM pg_catalog.pg_index i CROSS JOIN (VALUES (1)) AS place(n)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
          WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1) AS "uniqueColumns",
         (SELECT json_agg(json_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'isNotNull', a.attnotnull,
            'isGenerated', a.attgenerated OPERATOR(pg_catalog.<>) '') ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
         (SELECT json_agg(json_build_object('name', a.attname, 'equal', ${operatorText(indexEquality)}) ORDER BY place.n)
          FROM pg_catalog.pg_index i CROSS JOIN LATERAL pg_catalog.generate_series(1, i.indnkeyatts) AS place(n)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[place.n - 1]
          WHERE i.indexrelid = best.oid) AS key
  FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace ns ON ns.oid = c.relnamespace
    LEFT JOIN LATERAL (
      SELECT i.indexrelid AS oid FROM pg_catalog.pg_index i
      WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
        AND NOT EXISTS (SELECT FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS place(n)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[place.n] WHERE NOT a.attnotnull)
      ORDER BY i.indisprimary DESC, i.indisreplident DESC, i.indnkeyatts, i.indexrelid LIMIT 1) AS best ON true
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
    AND ${userSchemas.replaceAll('n.nspname', 'ns.nspname')} AND NOT ${isExtensionMember('c')}
  ORDER BY ns.nspname COLLATE "C", c.relname COLLATE "C"`

const declaredSql = `
  SELECT DISTINCT ON (child, parent, columns::text) *, false AS "isInherited" FROM (
  SELECT coalesce(pg_catalog.pg_partition_root(k.conrelid)::pg_catalog.oid, k.conrelid) AS child,
         coalesce(pg_catalog.pg_partition_root(k.confrelid)::pg_catalog.oid, k.confrelid) AS parent, k.conname AS name, k.condeferrable AS "isDeferrable",
         CASE k.confdeltype WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' WHEN 'd' THEN 'set default'
              ELSE 'no action' END AS "onDelete",
         (SELECT json_agg(a.attname ORDER BY p.n) FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS p(attnum, n)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.attnum) AS columns,
         (SELECT json_agg(a.attname ORDER BY p.n) FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS p(attnum, n)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = p.attnum) AS "parentColumns",
         (SELECT json_agg(${operatorText('p.operator')} ORDER BY p.n) FROM pg_catalog.unnest(k.conpfeqop) WITH ORDINALITY AS p(operator, n)) AS equal,
         (SELECT bool_and(a.attnotnull) FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) AS "isRequired",
         EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL
           AND (i.indkey::pg_catalog.int2[])[0:pg_catalog.array_length(k.conkey, 1) - 1] OPERATOR(pg_catalog.@>) k.conkey) AS "isIndexed"
  FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  WHERE k.contype = 'f' AND k.conparentid = 0) AS found
  ORDER BY child, parent, columns::text, name COLLATE "C"`

/** Tables that inherit from others, however far below; partitions are none. */
const inheritingSql = `
  SELECT i.inhparent AS top, i.inhrelid AS child FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
  WHERE c.relkind = 'r' AND NOT c.relispartition
  UNION SELECT above.top, i.inhrelid FROM inheriting AS above JOIN pg_catalog.pg_inherits i ON i.inhparent = above.child`

/** Foreign keys are not inherited, their columns are: what names a row in one table means it in those that inherit from it as well. */
const referencesSql = `
  WITH RECURSIVE declared AS (${declaredSql}), inheriting AS (${inheritingSql})
  SELECT * FROM declared
  UNION ALL SELECT * FROM (
  SELECT DISTINCT ON (inheriting.child, parent, columns::text) inheriting.child, parent, name, "isDeferrable", "onDelete", columns, "parentColumns", equal,
         NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = inheriting.child AND NOT a.attnotnull
           AND a.attname::pg_catalog.text IN (SELECT pg_catalog.json_array_elements_text(columns))) AS "isRequired",
         EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = inheriting.child AND i.indisvalid AND i.indpred IS NULL
           AND NOT EXISTS (SELECT FROM pg_catalog.json_array_elements_text(columns) AS named WHERE named NOT IN (
             SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a WHERE a.attrelid = inheriting.child
               AND a.attnum = ANY ((i.indkey::pg_catalog.int2[])[0:pg_catalog.json_array_length(columns) - 1])))) AS "isIndexed",
         true AS "isInherited"
  FROM declared JOIN inheriting ON inheriting.top = declared.child
  WHERE NOT EXISTS (SELECT FROM declared AS own WHERE own.child = inheriting.child AND own.columns::text = declared.columns::text)
  ORDER BY inheriting.child, parent, columns::text, name COLLATE "C") AS inherited`
