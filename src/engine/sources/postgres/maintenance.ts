import { Fault, isFault } from '#base/fault.ts'
import { connect, queryFault, type Connection } from './connection.ts'
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

/**
 * Runs `work` in one transaction of this session. A fault in it rolls everything back. When COMMIT itself fails, the
 * connection may have been lost after the server had committed: then only the server's facts tell.
 */
export async function transact<T>(session: Connection, work: () => Promise<T>): Promise<T> {
  const result = await rolledBackOnFault(session, work)
  await commit(session)
  return result
}

/** Runs `work` in a transaction that leaves nothing behind: shows ahead that something would work. */
export async function rehearse(session: Connection, work: () => Promise<void>): Promise<void> {
  await rolledBackOnFault(session, work)
  await session.query('rollback')
}

async function rolledBackOnFault<T>(session: Connection, work: () => Promise<T>): Promise<T> {
  await session.query('begin')
  try {
    return await work()
  } catch (error) {
    // The first fault is the one that matters; a session that is gone has been rolled back by the server.
    await session.query('rollback').catch(() => {})
    throw error
  }
}

async function commit(session: Connection): Promise<void> {
  let command: string
  try {
    command = (await session.client.query('commit')).command
  } catch (cause) {
    throw queryFault(cause)
  }
  // The server answers COMMIT of a failed transaction with ROLLBACK, which is no error to it.
  if (command !== 'COMMIT') throw new Fault('DATABASE_QUERY', 'the server rolled the transaction back')
}
