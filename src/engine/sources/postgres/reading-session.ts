import type { Connection } from './connection.ts'

/**
 * One view of the whole database for as long as `work` takes, in which nothing but temporary tables is written; they are gone
 * afterwards. `search_path` is empty but for PostgreSQL's own, so that no name means something of the database's choosing.
 */
export async function inOneView<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  // Temporary tables need it where sessions read only by default; a standby takes none whatever is set.
  await connection.query('SET default_transaction_read_only = off')
  await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  try {
    await connection.query(`SELECT pg_catalog.set_config('search_path', 'pg_catalog', true), pg_catalog.set_config('row_security', 'off', true),
      pg_catalog.set_config('work_mem', '256MB', true), pg_catalog.set_config('statement_timeout', '0', true)`)
    return await work()
  } finally {
    await connection.query('ROLLBACK')
  }
}

/** The same, and not even temporary tables are written. */
export async function inReadOnlyView<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  return await inOneView(connection, async () => {
    await connection.query('SET TRANSACTION READ ONLY')
    return await work()
  })
}

/**
 * Lets functions of the application (behind a CHECK, a domain, an index, a trigger) find their names as in its own sessions, until the
 * transaction ends. PostgreSQL's own names come first all the same. `path` is what `searchPathOf` gave.
 */
export async function withNamesOf(connection: Connection, path: string): Promise<void> {
  await connection.query(`SET LOCAL search_path = pg_catalog${path === '' ? '' : `, ${path}`}`)
}

/** Of a session that nobody has set anything in: as its role and database have it. */
export async function searchPathOf(connection: Connection): Promise<string> {
  const [row] = await connection.query<{ path: string }>(`SELECT pg_catalog.current_setting('search_path') AS path`)
  return row!.path
}

/** Since PostgreSQL 14 a server can look, in the middle of a long statement, whether its client is still there; before, it finds out when it answers. */
export async function noticeLostClient(connection: Connection): Promise<void> {
  await connection.query(
    `SELECT pg_catalog.set_config('client_connection_check_interval', '1s', false)
     WHERE pg_catalog.current_setting('client_connection_check_interval', true) IS NOT NULL`,
  )
}
