import type { Closure } from './closure.ts'
import { quoteLiteral, quoteName, type Connection } from './connection.ts'
import { CopyField } from './copy-fields.ts'
import { copyOut } from './copy-out.ts'
import { isFound } from './found-rows.ts'
import { rowsOf, type GraphTable } from './reference-graph.ts'

/** A column whose every value is a path below one root. */
export interface NamingColumn {
  /** The table as the settings name it, which may be one partition. */
  readonly relation: { readonly schema: string; readonly name: string }
  /** The same, or the root of its partitions. */
  readonly table: GraphTable
  readonly column: string
  /** Taken off the front of a value. */
  readonly prefix: string
}

/** Names of a path with values of a row in them, each name out of pieces. */
export interface NamingPattern {
  readonly table: GraphTable
  readonly names: readonly (readonly ({ readonly literal: string } | { readonly column: string })[])[]
}

/** Bytes of text as a backup writes them. */
export interface NamedPath {
  readonly path: Buffer
  /** No row beyond those that are part of the entity names it as well. */
  readonly isOwn: boolean
}

export interface FilledNames {
  readonly names: readonly Buffer[]
  readonly isOwn: boolean
}

/**
 * The table that settings name, as the reference graph has it: that of its root when it is a partition. Undefined when the
 * database has none.
 */
export async function findGraphTable(
  connection: Connection,
  tables: readonly GraphTable[],
  { schema, name }: { readonly schema: string; readonly name: string },
): Promise<GraphTable | undefined> {
  const [found] = await connection.query<{ oid: number }>(
    `SELECT coalesce(pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid, c.oid) AS oid
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname OPERATOR(pg_catalog.=) $1 AND c.relname OPERATOR(pg_catalog.=) $2 AND c.relkind IN ('r', 'p')`,
    [schema, name],
  )
  return found && tables.find(({ oid }) => oid === found.oid)
}

/**
 * Paths that rows of a closure name by columns, each once, as they stand in the rows but for prefix and slashes before the rest. One that has
 * another beginning than the prefix, and a slash, keeps the slash: it is no path below the root.
 */
export async function* pathsOfRows(connection: Connection, closure: Closure, columns: readonly NamingColumn[]): AsyncGenerator<NamedPath> {
  const found = columns.flatMap(({ relation, table, column, prefix }) =>
    closure.placeOf(table) === undefined
      ? []
      : [
          `SELECT ${pathOf(column, prefix)} AS path, ${isFound(closure, { table, alias: 'source' }, 'own')} AS own FROM ${nameOf(relation)} AS source
           WHERE source.${quoteName(column)} IS NOT NULL AND ${isFound(closure, { table, alias: 'source' }, 'any')}`,
        ],
  )
  if (found.length === 0) return
  const select = `WITH mine AS MATERIALIZED (SELECT path, pg_catalog.bool_and(own) AS own FROM (${found.join(' UNION ALL ')}) AS named GROUP BY path),
      shared AS (SELECT path FROM mine WHERE EXISTS (
        SELECT FROM (${pathsOfOthers(closure, columns)}) AS other WHERE other.path OPERATOR(pg_catalog.=) mine.path))
    SELECT pg_catalog.concat(pg_catalog.encode(mine.path, 'hex'), CASE WHEN mine.own AND shared.path IS NULL THEN '.t' ELSE '.f' END)
    FROM mine LEFT JOIN shared ON shared.path OPERATOR(pg_catalog.=) mine.path`
  for await (const [path, own] of hexFields(connection, select)) yield { path: bytesOf(path), isOwn: own === 't' }
}

/** Paths that rows name which are no part of the entity; of many, at least those with one of the beginnings. */
export async function* pathsOfOtherRows(
  connection: Connection,
  closure: Closure,
  { columns, beginnings }: { readonly columns: readonly NamingColumn[]; readonly beginnings: readonly Buffer[] },
): AsyncGenerator<Buffer> {
  if (columns.length === 0) return
  const tried = beginnings.map((bytes) => `('\\x${bytes.toString('hex')}'::pg_catalog.bytea)`).join(', ')
  // More than a few would be tried one by one for every row: then all rows come, and whoever asks looks.
  const isBelow =
    beginnings.length === 0 || beginnings.length > beginningsTriedMax
      ? 'true'
      : `EXISTS (SELECT FROM (VALUES ${tried}) AS tried (bytes)
          WHERE pg_catalog.substring(other.path, 1, pg_catalog.length(tried.bytes)) OPERATOR(pg_catalog.=) tried.bytes)`
  const select = `SELECT DISTINCT pg_catalog.encode(other.path, 'hex') FROM (${pathsOfOthers(closure, columns)}) AS other WHERE ${isBelow}`
  for await (const [path] of hexFields(connection, select)) yield bytesOf(path)
}

const beginningsTriedMax = 64

/** What rows that are part of the entity fill a pattern with. One that another row fills it with as well is not its own. */
export async function* namesOfRows(connection: Connection, closure: Closure, pattern: NamingPattern): AsyncGenerator<FilledNames> {
  const { table } = pattern
  if (closure.placeOf(table) === undefined) return
  const names = pattern.names.map((pieces, index) => `${bytesIn(piecesOf(pieces))} AS n${index}`).join(', ')
  const columns = pattern.names.map((_pieces, index) => `n${index}`)
  const isFilled = columns.map((column) => `${column} IS NOT NULL`).join(' AND ')
  const isSame = (one: string) => columns.map((column) => `${one}.${column} OPERATOR(pg_catalog.=) mine.${column}`).join(' AND ')
  const isOwn = isFound(closure, { table, alias: 'source' }, 'own')
  const select = `WITH mine AS MATERIALIZED (
        SELECT * FROM (SELECT DISTINCT ${names} FROM ${rowsOf(table)} AS source WHERE ${isOwn}) AS filled WHERE ${isFilled}),
      shared AS (SELECT * FROM mine WHERE EXISTS (
        SELECT FROM (SELECT ${names} FROM ${nameOf(table)} AS source WHERE NOT ${isOwn}) AS other WHERE ${isSame('other')}))
    SELECT pg_catalog.concat(${columns.map((column) => `pg_catalog.encode(mine.${column}, 'hex'), '.'`).join(', ')},
      CASE WHEN shared.n0 IS NULL THEN 't' ELSE 'f' END)
    FROM mine LEFT JOIN shared ON ${isSame('shared')}`
  for await (const fields of hexFields(connection, select))
    yield { names: fields.slice(0, -1).map((field) => bytesOf(field)), isOwn: fields.at(-1) === 't' }
}

function pathsOfOthers(closure: Closure, columns: readonly NamingColumn[]): string {
  return columns
    .map(
      ({ relation, table, column, prefix }) =>
        `SELECT ${pathOf(column, prefix)} AS path FROM ${nameOf(relation)} AS source
         WHERE source.${quoteName(column)} IS NOT NULL AND NOT ${isFound(closure, { table, alias: 'source' }, 'own')}`,
    )
    .join(' UNION ALL ')
}

/** As `namedPath` has it, in SQL. */
function pathOf(column: string, prefix: string): string {
  const [value, before] = [textOf(column), quoteLiteral(prefix)]
  const begins = `pg_catalog.starts_with(${value}, ${before})`
  const rest = `pg_catalog.substr(${value}, pg_catalog.length(${before}) OPERATOR(pg_catalog.+) 1)`
  const elsewhere = prefix === '' ? '' : `WHEN pg_catalog.starts_with(${value}, '/') THEN ${value}`
  return bytesIn(`CASE WHEN ${begins} THEN pg_catalog.ltrim(${rest}, '/') ${elsewhere} ELSE ${value} END`)
}

function piecesOf(pieces: NamingPattern['names'][number]): string {
  return pieces
    .map((piece) => ('column' in piece ? textOf(piece.column) : `${quoteLiteral(piece.literal)}::pg_catalog.text`))
    .join(' OPERATOR(pg_catalog.||) ')
}

/** Character by character, whatever the column's collation holds for equal. */
function textOf(column: string): string {
  return `source.${quoteName(column)}::pg_catalog.text COLLATE pg_catalog."C"`
}

/** In the encoding in which rows are captured, which is that of the names of files. */
function bytesIn(text: string): string {
  const encoding = `CASE pg_catalog.getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END`
  return `pg_catalog.convert_to(${text}, ${encoding})`
}

function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return quoteName(schema, name)
}

function bytesOf(hex: string | undefined): Buffer {
  return Buffer.from(hex ?? '', 'hex')
}

/** Of a query of one column, which is written as hexadecimal digits with dots between: COPY escapes none of that. */
async function* hexFields(connection: Connection, select: string): AsyncGenerator<string[]> {
  const lines = new CopyField(0)
  for await (const bytes of copyOut(connection, { statement: `COPY (${select}) TO STDOUT` }))
    for (const line of lines.take(bytes)) yield line.toString('latin1').split('.')
}
