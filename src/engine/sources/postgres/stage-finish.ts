import { Fault, messageOf } from '#base/fault.ts'
import { quoteName, sqlStateOf, type Connection } from './connection.ts'
import type { EarlyPostData } from './stage-early.ts'
import type { StageWork, TableName } from './stage-options.ts'
import { allOrFirst } from './stage-rows.ts'
import { connectStage } from './stage-session.ts'

/**
 * Planner statistics are in no dump, and without them the first hour after a swap would be slow. A table whose
 * statistics cannot be computed (an index on a function that fails) is noted: it is as usable as before. Returns the
 * tables whose ANALYZE runs nothing but PostgreSQL's own code: it is left to go on beside verify (SAFETY rule 8).
 */
export async function analyzeStage(work: StageWork, early: EarlyPostData, signal: AbortSignal): Promise<TableName[]> {
  const missing = (await tablesBySize(work, signal)).filter(
    ({ schema, name, hasMore }) => hasMore || !early.analyzed.has(quoteName(schema, name)),
  )
  const waiting = missing.filter(({ isPlain }) => !isPlain)
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const session = async () => {
    await using connection = await connectStage(work.stage, work.options.section, either)
    for (let table = waiting.shift(); table !== undefined; table = waiting.shift()) {
      either.throwIfAborted()
      await analyzeTable(connection, table, work.notes)
    }
  }
  await allOrFirst(Array.from({ length: Math.min(work.connections, waiting.length) }, session), failed)
  return missing.filter(({ isPlain }) => isPlain)
}

export async function analyzeTable(connection: Connection, { schema, name }: TableName, notes: string[]): Promise<void> {
  try {
    await connection.query(`analyze ${quoteName(schema, name)}`)
  } catch (error) {
    if (sqlStateOf(error) === undefined) throw error
    notes.push(`table ${schema}.${name} has no planner statistics: ${messageOf(error)}`)
  }
}

interface AnalyzedTable extends TableName {
  /** An index on expressions or extended statistics, which were made after the rows. */
  readonly hasMore: boolean
  /** A table, of columns whose types and orders are PostgreSQL's own, without an index that computes anything. */
  readonly isPlain: boolean
}

/** Without partitions: ANALYZE of their root goes through all of them. */
async function tablesBySize(work: StageWork, signal: AbortSignal): Promise<AnalyzedTable[]> {
  await using connection = await connectStage(work.stage, work.options.section, signal)
  return await connection.query<AnalyzedTable & Record<string, unknown>>(
    `select n.nspname as schema, c.relname as name,
       exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indexprs is not null)
         or exists (select from pg_catalog.pg_statistic_ext s where s.stxrelid = c.oid) as "hasMore",
       c.relkind = 'r'
         and not exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and (i.indexprs is not null or i.indpred is not null))
         and not exists (select from pg_catalog.pg_statistic_ext s where s.stxrelid = c.oid)
         and not exists (
           select from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
           where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             and (t.oid >= 16384 and t.typtype <> 'e' or exists (select from pg_catalog.pg_opclass o where o.oid >= 16384 and o.opcintype = t.oid))) as "isPlain"
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where (c.relkind in ('r', 'm') and pg_catalog.pg_relation_size(c.oid) > 0 or c.relkind = 'p') and not c.relispartition
       and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_toast' and (c.relkind <> 'm' or c.relispopulated)
     order by c.relkind <> 'p', pg_catalog.pg_relation_size(c.oid) desc`,
  )
}

/**
 * The load did not wait for the disk. One commit that does flushes the log up to itself, and so all of the load (SAFETY
 * rule 7); what bypassed the log was synced by its own commit.
 */
export async function flushStage(work: StageWork, signal: AbortSignal): Promise<void> {
  await using connection = await connectStage(work.stage, work.options.section, signal)
  const [before] = await connection.query<{ lsn: string }>('select pg_catalog.pg_current_wal_insert_lsn()::text as lsn')
  await connection.query('begin; set local synchronous_commit = local')
  await connection.query("select pg_catalog.pg_logical_emit_message(true, 'integrum', 'staged')")
  await connection.query('commit')
  const [row] = await connection.query<{ isFlushed: boolean }>(
    'select pg_catalog.pg_current_wal_flush_lsn() >= $1::pg_lsn as "isFlushed"',
    [before!.lsn],
  )
  if (row?.isFlushed !== true) throw new Fault('DATABASE_QUERY', 'the server did not flush its log when told to', { lsn: before!.lsn })
}
