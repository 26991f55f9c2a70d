import { isFault } from '#base/fault.ts'
import { connect, type Connection } from './connection.ts'
import type { DatabaseTarget } from './target.ts'

/**
 * A session on the targets' server that is in none of the targets: a database is created, renamed, fenced and dropped
 * from outside only. `postgres` by custom; `template1`, which every cluster has, when `postgres` is itself a target or
 * is not there. What is done in it is durable once done, whatever the role's defaults say, and it may idle for hours.
 */
export async function connectMaintenance(targets: readonly DatabaseTarget[], signal?: AbortSignal): Promise<Connection> {
  const [target] = targets
  if (!target) throw new Error('no target to maintain')
  const isPostgresTaken = targets.some(({ database }) => database === 'postgres')
  const connection = await connectFirst(target, isPostgresTaken ? 'template1' : 'postgres', signal)
  await connection.query(sessionSql)
  return connection
}

// idle_session_timeout and transaction_timeout came with 14 and 17; pg_settings says whether they are there.
const sessionSql = `
  set default_transaction_read_only = off; set synchronous_commit = on;
  set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0;
  select set_config(name, '0', false) from pg_settings where name in ('idle_session_timeout', 'transaction_timeout')`

async function connectFirst(target: DatabaseTarget, first: 'postgres' | 'template1', signal?: AbortSignal): Promise<Connection> {
  try {
    return await connect({ ...target, database: first }, signal)
  } catch (error) {
    if (!isFault(error, 'DATABASE_NOT_FOUND') || first === 'template1') throw error
    return connect({ ...target, database: 'template1' }, signal)
  }
}
