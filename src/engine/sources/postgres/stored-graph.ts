import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { quoteName, type Connection } from './connection.ts'
import { readReferenceGraph, type ReferenceGraph } from './reference-graph.ts'

/** Of each database in a backup: which table refers to which (ADR 0061). Backups from before have no such file. */
export const storedGraphFile = 'references.json'

export interface StoredGraph extends ReferenceGraph {
  /** The tables in which the rows of partitioned ones lie. */
  readonly partitions: readonly { readonly root: number; readonly schema: string; readonly name: string }[]
}

export async function readStoredGraph(connection: Connection): Promise<StoredGraph> {
  return { ...(await readReferenceGraph(connection)), partitions: await connection.query<StoredGraph['partitions'][number]>(partitionsSql) }
}

/** The same bytes for the same schema: what is only estimated, and differs from day to day, is left out. */
export function printGraph({ tables, ...graph }: StoredGraph): string {
  return `${JSON.stringify({ tables: tables.map((table) => ({ ...table, rowsEstimate: null, isPartitioned: undefined })), ...graph }, null, 1)}\n`
}

/** DAMAGE_MANIFEST for what `printGraph` did not write. */
export function parseGraph(text: string): StoredGraph {
  const { tables, ...graph } = parse(graphSchema, text, 'the references of a backup', 'DAMAGE_MANIFEST')
  const partitioned = new Set(graph.partitions.map(({ root }) => root))
  return { ...graph, tables: tables.map((table) => ({ ...table, key: table.key, isPartitioned: partitioned.has(table.oid) })) }
}

/** The same graph in a database that was made from the backup: every table has another number there. */
export async function graphIn(connection: Connection, { tables, references }: ReferenceGraph): Promise<ReferenceGraph> {
  const found = await connection.query<{ oid: number; schema: string; name: string }>(
    `SELECT c.oid, n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p')`,
  )
  const here = new Map(found.map(({ oid, schema, name }) => [quoteName(schema, name), oid]))
  const numbers = new Map(tables.map(({ oid, schema, name }) => [oid, here.get(quoteName(schema, name))]))
  const numberOf = (oid: number) => {
    const number = numbers.get(oid)
    if (number === undefined) throw new Fault('DAMAGE_MANIFEST', 'the references of the backup name a table that it has not')
    return number
  }
  return {
    tables: tables.map((table) => ({ ...table, oid: numberOf(table.oid) })),
    references: references.map((one) => ({ ...one, child: numberOf(one.child), parent: numberOf(one.parent) })),
  }
}

const keyColumn = z.object({ name: z.string(), equal: z.string() })

const graphSchema = z.object({
  tables: z.array(
    z.object({
      oid: z.number(),
      schema: z.string(),
      name: z.string(),
      key: z.array(keyColumn).optional(),
      uniqueColumns: z.array(keyColumn),
      rowsEstimate: z.null(),
      columns: z.array(z.object({ name: z.string(), type: z.string(), isNotNull: z.boolean(), isGenerated: z.boolean().default(false) })),
    }),
  ),
  references: z.array(
    z.object({
      name: z.string(),
      child: z.number(),
      parent: z.number(),
      columns: z.array(z.string()),
      parentColumns: z.array(z.string()),
      equal: z.array(z.string()),
      isRequired: z.boolean(),
      onDelete: z.enum(['no action', 'restrict', 'cascade', 'set null', 'set default']),
      isDeferrable: z.boolean(),
      isInherited: z.boolean().default(false),
      isIndexed: z.boolean(),
    }),
  ),
  partitions: z.array(z.object({ root: z.number(), schema: z.string(), name: z.string() })),
})

const partitionsSql = `
  SELECT root.oid AS root, n.nspname AS schema, l.relname AS name
  FROM pg_catalog.pg_class root CROSS JOIN LATERAL pg_catalog.pg_partition_tree(root.oid) t
    JOIN pg_catalog.pg_class l ON l.oid = t.relid AND l.relkind <> 'p'
    JOIN pg_catalog.pg_namespace n ON n.oid = l.relnamespace
  WHERE root.relkind = 'p' AND NOT root.relispartition AND t.isleaf
  ORDER BY n.nspname COLLATE "C", l.relname COLLATE "C"`
