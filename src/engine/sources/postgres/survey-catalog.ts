import { createHash } from 'node:crypto'
import { throwIfCancelled } from '#base/clock.ts'
import { quoteName, type Connection } from './connection.ts'

export interface SurveyedTable {
  readonly schema: string
  readonly table: string
  /** The planner's estimate, or the exact count when asked for; undefined when it was never analyzed. */
  readonly rows: number | undefined
  /** With indexes and TOAST. */
  readonly sizeBytes: number
}

const userSchema = `n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname !~ '^pg_(toast_)?temp_'`

/** Tables that hold rows themselves: ordinary ones and leaf partitions. */
export async function surveyTables(connection: Connection, countsRows: boolean, signal?: AbortSignal): Promise<SurveyedTable[]> {
  const rows = await connection.query<{ schema: string; table: string; rows: number; size: string }>(`
    select n.nspname as schema, c.relname as table, c.reltuples::float8 as rows, pg_catalog.pg_total_relation_size(c.oid) as size
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and ${userSchema} order by n.nspname collate "C", c.relname collate "C"`)
  const tables: SurveyedTable[] = rows.map(({ schema, table, rows: estimate, size }) => ({
    schema,
    table,
    rows: estimate < 0 ? undefined : estimate,
    sizeBytes: Number(size),
  }))
  return countsRows ? countRows(connection, tables, signal) : tables
}

async function countRows(connection: Connection, tables: readonly SurveyedTable[], signal?: AbortSignal): Promise<SurveyedTable[]> {
  // With row security on, a role that it binds would count a part and call it the whole.
  await connection.query('set row_security = off; set statement_timeout = 0')
  const counted: SurveyedTable[] = []
  for (const found of tables) {
    throwIfCancelled(signal)
    const [row] = await connection.query<{ count: string }>(`select count(*) from only ${quoteName(found.schema, found.table)}`)
    counted.push({ ...found, rows: Number(row!.count) })
  }
  return counted
}

/**
 * SHA-256 over a description of everything that a restore replaces and an application relies on, without OIDs, owners,
 * grants or statistics: equal before and after a dump and restore, different after any ALTER.
 */
export async function schemaFingerprint(connection: Connection): Promise<string> {
  const hash = createHash('sha256')
  // Names are printed with their schema only under an empty path; `pg_get_…def` follows it.
  await connection.query(
    `begin isolation level repeatable read read only; set local search_path = ''; set local quote_all_identifiers = off`,
  )
  for (const [kind, sql] of Object.entries(described)) {
    const rows = await connection.query<{ line: string }>(`select line from (${sql}) as described(line) order by line collate "C"`)
    hash.update(`${kind} ${rows.length}\n`)
    for (const { line } of rows) hash.update(`${line}\n`)
  }
  await connection.query('commit')
  return hash.digest('hex')
}

// A row's text (`row(…)::text`) quotes each field, so no two different rows print alike.
const described = {
  schemas: `select row(n.nspname)::text from pg_catalog.pg_namespace n where ${userSchema}`,
  extensions: `select row(extname, extversion)::text from pg_catalog.pg_extension`,
  relations: `select row(n.nspname, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
      c.reloptions, pg_catalog.pg_get_partkeydef(c.oid), pg_catalog.pg_get_expr(c.relpartbound, c.oid),
      case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end)::text
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c') and ${userSchema}`,
  columns: `select row(n.nspname, c.relname, row_number() over (partition by c.oid order by a.attnum), a.attname,
      pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstorage,
      pg_catalog.pg_get_expr(d.adbin, d.adrelid))::text
    from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and ${userSchema}`,
  constraints: `select row(n.nspname, k.conrelid::pg_catalog.regclass, k.contypid::pg_catalog.regtype, k.conname,
      pg_catalog.pg_get_constraintdef(k.oid), k.convalidated)::text
    from pg_catalog.pg_constraint k join pg_catalog.pg_namespace n on n.oid = k.connamespace where ${userSchema}`,
  indexes: `select row(pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid)::text
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${userSchema}`,
  triggers: `select row(pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled)::text
    from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace where not t.tgisinternal and ${userSchema}`,
  policies: `select row(p.polrelid::pg_catalog.regclass, p.polname, p.polcmd, p.polpermissive,
      pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))::text
    from pg_catalog.pg_policy p`,
  rules: `select pg_catalog.pg_get_ruledef(r.oid) from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace where r.rulename <> '_RETURN' and ${userSchema}`,
  functions: `select row(p.oid::pg_catalog.regprocedure, p.prokind, pg_catalog.pg_get_function_result(p.oid), p.provolatile, p.prosecdef,
      p.proconfig, p.prosrc, case when p.prokind <> 'a' then pg_catalog.pg_get_functiondef(p.oid) end)::text
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where ${userSchema}`,
  types: `select row(n.nspname, t.typname, t.typtype, pg_catalog.format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
      array(select enumlabel from pg_catalog.pg_enum e where e.enumtypid = t.oid order by enumsortorder))::text
    from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    where t.typtype in ('d', 'e', 'r', 'c') and ${userSchema}`,
  sequences: `select row(n.nspname, c.relname, s.seqtypid::pg_catalog.regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcycle)::text
    from pg_catalog.pg_sequence s join pg_catalog.pg_class c on c.oid = s.seqrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace where ${userSchema}`,
  statistics: `select pg_catalog.pg_get_statisticsobjdef(oid) from pg_catalog.pg_statistic_ext`,
  eventTriggers: `select row(evtname, evtevent, evtenabled, evttags, evtfoid::pg_catalog.regprocedure)::text from pg_catalog.pg_event_trigger`,
  publications: `select row(pubname, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate)::text from pg_catalog.pg_publication`,
} as const
