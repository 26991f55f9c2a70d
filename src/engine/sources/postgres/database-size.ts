import { connect } from './connection.ts'
import type { DatabaseTarget } from './target.ts'

/** What a database takes on its server's disk, indexes included. `password` undefined: none, and no file is asked for one. */
export async function databaseSize(target: DatabaseTarget, password: string | undefined, signal: AbortSignal): Promise<number> {
  await using session = await connect(target, signal, { password })
  const [row] = await session.query<{ size: string }>('select pg_catalog.pg_database_size(pg_catalog.current_database())::text as size')
  return Number(row!.size)
}
