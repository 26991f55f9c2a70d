import { callsFunction } from './checks-sql.ts'
import { quoteName, sqlStateOf, type Connection } from './connection.ts'

/** Rows of one table, or of one partition, that masks are tried on, at most. */
export const triedRowsMax = 5_000
/** Of the masked values of a row that is tried: more of them is not held in memory for a trial. */
const triedCharactersMax = 4_000

/** What has to hold for the rows of a table that has rows of its own. */
export interface TrialTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly checks: readonly TrialCheck[]
  readonly uniques: readonly TrialUnique[]
}

export interface TrialCheck {
  readonly name: string
  readonly columns: readonly string[]
  /** Over the bare names of the columns. */
  readonly expression: string
  /** It calls what may do anything, or may look at other rows: not to be run here. */
  readonly callsFunction: boolean
}

export interface TrialUnique {
  readonly name: string
  readonly columns: readonly string[]
  readonly nullsEqual: boolean
  /** Some of it is an expression, or it is of some rows alone; `columns` are those that it names anywhere. */
  readonly isOdd: boolean
}

/** One masked column of it, with the SQL that reads what its mask needs. */
export interface TrialColumn {
  readonly name: string
  /** As the column has it, and below its domains. */
  readonly type: string
  readonly baseType: string
  /** An expression over the row; undefined where the mask asks for no subject. */
  readonly subject: string | undefined
  /** What the mask makes does not depend on the value: only whether there is one. */
  readonly isConstant: boolean
}

export interface TrialRow {
  readonly row: string
  /** Its values are too long to be tried, and left out. */
  readonly isLong: boolean
  readonly values: readonly (string | null)[]
  readonly subjects: readonly (string | null)[]
}

/** What is tried: rows by their places, and for each masked column its values there, masked. */
export interface TrialRows {
  readonly table: TrialTable
  readonly columns: readonly TrialColumn[]
  readonly places: readonly string[]
  readonly masked: readonly (readonly (string | null)[])[]
}

/** Constraints of the tables with rows that stand for these: of partitions in place of what is partitioned. Reads the catalog alone. */
export async function readTrialTables(
  connection: Connection,
  roots: readonly number[],
): Promise<(TrialTable & { readonly root: number })[]> {
  return await connection.query(tablesSql, [[...roots]])
}

/** Names of domains, as `format_type` writes them, whose constraints, or those of a domain below, call functions. */
export async function readOddDomains(connection: Connection): Promise<ReadonlySet<string>> {
  const found = await connection.query<{ name: string }>(
    `WITH RECURSIVE odd (oid) AS (
       SELECT k.contypid FROM pg_catalog.pg_constraint k WHERE k.contypid <> 0 AND k.contype = 'c' AND ${callsFunction}
       UNION SELECT t.oid FROM odd JOIN pg_catalog.pg_type t ON t.typbasetype = odd.oid AND t.typtype = 'd')
     SELECT pg_catalog.format_type(odd.oid, NULL) AS name FROM odd`,
  )
  return new Set(found.map(({ name }) => name))
}

/** The first rows of a table, one more than are tried, so that it is known whether these are all. Values as COPY writes them. */
export async function readTrialRows(
  connection: Connection,
  table: TrialTable,
  columns: readonly TrialColumn[],
): Promise<readonly TrialRow[]> {
  const from = quoteName(table.schema, table.name)
  const text = (sql: string) => `CASE WHEN ${sql} IS NULL THEN NULL ELSE pg_catalog.format('%s', ${sql}) END`
  const place = ({ name }: TrialColumn) => `${from}.${quoteName(name)}`
  const values = columns.map((column) =>
    column.isConstant ? `CASE WHEN ${place(column)} IS NULL THEN NULL ELSE '' END` : text(place(column)),
  )
  const subjects = columns.map(({ subject }) => (subject === undefined ? 'NULL' : text(subject)))
  const array = (fields: readonly string[]) => `ARRAY[${fields.join(', ')}]::pg_catalog.text[]`
  const isLong = `pg_catalog.length(pg_catalog.concat(pg_catalog.array_to_string(read.values, ''), pg_catalog.array_to_string(read.subjects, ''))) > ${triedCharactersMax}`
  return await connection.query(
    `SELECT measured.row, measured.is_long AS "isLong", CASE WHEN measured.is_long THEN '{}' ELSE measured.values END AS values, CASE WHEN measured.is_long THEN '{}' ELSE measured.subjects END AS subjects
     FROM (SELECT read.*, ${isLong} AS is_long
       FROM (SELECT ${from}.ctid::pg_catalog.text AS row, ${array(values)} AS values, ${array(subjects)} AS subjects
         FROM ONLY ${from} LIMIT ${triedRowsMax + 1}) AS read) AS measured`,
  )
}

/** The SQLSTATE with which a column's type refuses a masked value, such as a domain's constraint; undefined when it takes all of them. */
export async function refusalOfType(connection: Connection, type: string, masked: readonly (string | null)[]): Promise<string | undefined> {
  try {
    await isolated(
      connection,
      `SELECT pg_catalog.count(CAST(v.value AS ${type})) AS count FROM pg_catalog.unnest($1::pg_catalog.text[]) AS v (value)`,
      [masked],
    )
    return undefined
  } catch (error) {
    const state = sqlStateOf(error)
    // "Data Exception" and "Integrity Constraint Violation": it is the value.
    if (state === undefined || !/^2[23]/.test(state)) throw error
    return state
  }
}

/** How many of the rows a CHECK would refuse; undefined when it cannot be asked here. Only masked values and places of rows leave this process. */
export async function countRefused(connection: Connection, rows: TrialRows, check: TrialCheck): Promise<number | undefined> {
  const sql = `SELECT pg_catalog.count(*)::pg_catalog.int4 AS count FROM ${maskedRows(rows, check.columns)} WHERE NOT (${check.expression})`
  return await countOf(connection, sql, rows)
}

/** How many keys more than one of the rows would have. */
export async function countClashes(connection: Connection, rows: TrialRows, unique: TrialUnique): Promise<number | undefined> {
  const keys = unique.columns.map((name) => quoteName(name))
  const whole = unique.nullsEqual ? '' : ` WHERE ${keys.map((key) => `${key} IS NOT NULL`).join(' AND ')}`
  const groups = `SELECT 1 FROM ${maskedRows(rows, unique.columns)}${whole} GROUP BY ${keys.join(', ')} HAVING pg_catalog.count(*) > 1`
  return await countOf(connection, `SELECT pg_catalog.count(*)::pg_catalog.int4 AS count FROM (${groups}) AS clashes`, rows)
}

async function countOf(connection: Connection, sql: string, { places, masked }: TrialRows): Promise<number | undefined> {
  try {
    const [found] = await isolated<{ count: number }>(connection, sql, [places, ...masked])
    return found!.count
  } catch (error) {
    if (sqlStateOf(error) === undefined) throw error
    return undefined
  }
}

/** The rows as they would be in the copy, under the name of their table. */
function maskedRows({ table, columns }: TrialRows, wanted: readonly string[]): string {
  const fields = wanted.map((name) => {
    const at = columns.findIndex((column) => column.name === name)
    const value = at < 0 ? `t.${quoteName(name)}` : `CAST(v.m${at} AS ${columns[at]!.baseType})`
    return `${value} AS ${quoteName(name)}`
  })
  const masked = columns.map((_column, at) => `m${at}`)
  const lists = ['$1::pg_catalog.tid[]', ...columns.map((_column, at) => `$${at + 2}::pg_catalog.text[]`)]
  const unnested = lists.map((list) => `pg_catalog.unnest(${list})`).join(', ')
  return `(SELECT ${fields.join(', ')} FROM ROWS FROM (${unnested}) AS v (${['place', ...masked].join(', ')})
     JOIN ONLY ${quoteName(table.schema, table.name)} AS t ON t.ctid OPERATOR(pg_catalog.=) v.place) AS ${quoteName(table.name)}`
}

/** What fails takes nothing along; and rows are fetched by their places, whatever the planner would rather do. */
async function isolated<Row extends Record<string, unknown>>(
  connection: Connection,
  sql: string,
  parameters: readonly unknown[],
): Promise<Row[]> {
  await connection.query('SAVEPOINT integrum_trial')
  try {
    await connection.query(
      `SELECT pg_catalog.set_config('enable_hashjoin', 'off', true), pg_catalog.set_config('enable_mergejoin', 'off', true)`,
    )
    return await connection.query<Row>(sql, parameters)
  } finally {
    await connection.query('ROLLBACK TO SAVEPOINT integrum_trial; RELEASE SAVEPOINT integrum_trial')
  }
}

const tablesSql = `
  SELECT c.oid, r.root, n.nspname AS schema, c.relname AS name,
    (SELECT coalesce(json_agg(json_build_object('name', k.conname, 'expression', pg_catalog.pg_get_expr(k.conbin, k.conrelid), 'callsFunction', ${callsFunction},
        'columns', (SELECT json_agg(a.attname) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (k.conkey))) ORDER BY k.conname), '[]')
     FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.convalidated AND k.conkey IS NOT NULL) AS checks,
    (SELECT coalesce(json_agg(json_build_object('name', x.relname, 'isOdd', i.indexprs IS NOT NULL OR i.indpred IS NOT NULL,
        'nullsEqual', coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::pg_catalog.bool, false),
        'columns', CASE WHEN i.indexprs IS NULL AND i.indpred IS NULL
          THEN (SELECT json_agg(a.attname ORDER BY place.n) FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS place(n)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[place.n])
          ELSE (SELECT coalesce(json_agg(DISTINCT a.attname), '[]') FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
            WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid AND d.refobjid = c.oid) END) ORDER BY x.relname), '[]')
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
     WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid) AS uniques
  FROM (SELECT c.oid, coalesce(pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid, c.oid) AS root FROM pg_catalog.pg_class c WHERE c.relkind = 'r') AS r
    JOIN pg_catalog.pg_class c ON c.oid = r.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE r.root = ANY ($1::pg_catalog.oid[])
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`
