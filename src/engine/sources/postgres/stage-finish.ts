import { Fault, messageOf } from '#base/fault.ts'
import { quoteName, sqlStateOf } from './connection.ts'
import type { EarlyPostData } from './stage-early.ts'
import type { StageWork } from './stage-options.ts'
import { allOrFirst } from './stage-rows.ts'
import { connectStage } from './stage-session.ts'

/**
 * Planner statistics are in no dump, and without them the first hour after a swap would be slow. A table whose
 * statistics cannot be computed (an index on a function that fails) is noted: it is as usable as before.
 */
export async function analyzeStage(work: StageWork, early: EarlyPostData, signal: AbortSignal): Promise<void> {
  const waiting = (await tablesBySize(work, signal)).filter(
    ({ schema, name, hasMore }) => hasMore || !early.analyzed.has(quoteName(schema, name)),
  )
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const session = async () => {
    await using connection = await connectStage(work.stage, work.options.section, either)
    for (let table = waiting.shift(); table !== undefined; table = waiting.shift()) {
      either.throwIfAborted()
      try {
        await connection.query(`analyze ${quoteName(table.schema, table.name)}`)
      } catch (error) {
        if (sqlStateOf(error) === undefined) throw error
        work.notes.push(`table ${table.schema}.${table.name} has no planner statistics: ${messageOf(error)}`)
      }
    }
  }
  await allOrFirst(Array.from({ length: Math.min(work.connections, waiting.length) }, session), failed)
}

interface AnalyzedTable {
  readonly schema: string
  readonly name: string
  /** An index on expressions or extended statistics, which were made after the rows. */
  readonly hasMore: boolean
}

/** Without partitions: ANALYZE of their root goes through all of them. */
async function tablesBySize(work: StageWork, signal: AbortSignal): Promise<AnalyzedTable[]> {
  await using connection = await connectStage(work.stage, work.options.section, signal)
  return await connection.query<AnalyzedTable & Record<string, unknown>>(
    `select n.nspname as schema, c.relname as name,
       exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indexprs is not null)
         or exists (select from pg_catalog.pg_statistic_ext s where s.stxrelid = c.oid) as "hasMore"
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
