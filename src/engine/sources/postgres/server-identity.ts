import type { Connection } from './connection.ts'

export interface ServerIdentity {
  /** Decimal; made by initdb, the same on every standby. */
  readonly systemIdentifier: string
  readonly serverVersion: { readonly number: number; readonly text: string }
  /** UTC with microseconds. A restart in between makes staging stale (SAFETY rule 7). */
  readonly postmasterStartTime: string
  readonly isInRecovery: boolean
}

/** Which server this is, and since when it runs. */
export async function surveyServer(connection: Connection): Promise<ServerIdentity> {
  const [row] = await connection.query<{ systemIdentifier: string; number: number; text: string; start: string; recovery: boolean }>(`
    select system_identifier::text as "systemIdentifier", current_setting('server_version_num')::int as number,
      current_setting('server_version') as text, pg_catalog.pg_is_in_recovery() as recovery,
      to_char(pg_catalog.pg_postmaster_start_time() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as start
    from pg_catalog.pg_control_system()`)
  return {
    systemIdentifier: row!.systemIdentifier,
    serverVersion: { number: row!.number, text: row!.text },
    postmasterStartTime: row!.start,
    isInRecovery: row!.recovery,
  }
}

/** The database of a session, as nothing but a restore changes it. */
export async function whichDatabase(connection: Connection): Promise<{ readonly systemIdentifier: string; readonly oid: number }> {
  const [here] = await connection.query<{ oid: number }>(
    'select oid from pg_catalog.pg_database where datname operator(pg_catalog.=) pg_catalog.current_database()',
  )
  const { systemIdentifier } = await surveyServer(connection)
  return { systemIdentifier, oid: here!.oid }
}
