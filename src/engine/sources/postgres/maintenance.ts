import { isFault } from '#base/fault.ts'
import { connect, type Connection } from './connection.ts'
import type { DatabaseTarget } from './target.ts'

/**
 * A session on the target's server that is not in the target's database: a database is created, renamed and dropped from
 * outside only. `postgres` by custom, else `template1`, which every cluster has. DDL works whatever the role's defaults say.
 */
export async function connectBeside(target: DatabaseTarget, signal?: AbortSignal): Promise<Connection> {
  const connection = await connectFirst(target, signal)
  await connection.query('set default_transaction_read_only = off; set statement_timeout = 0; set lock_timeout = 0')
  return connection
}

async function connectFirst(target: DatabaseTarget, signal?: AbortSignal): Promise<Connection> {
  const first = target.database === 'postgres' ? 'template1' : 'postgres'
  try {
    return await connect({ ...target, database: first }, signal)
  } catch (error) {
    if (!isFault(error, 'DATABASE_NOT_FOUND') || first === 'template1') throw error
    return connect({ ...target, database: 'template1' }, signal)
  }
}
