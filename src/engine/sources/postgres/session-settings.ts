import type { Connection } from './connection.ts'
import { quoteLiteral } from './connection.ts'

/** Everything that changes the bytes which COPY writes, and how it reads them again. */
export interface SessionSettings {
  /** Names the list itself; two backups with the same id were read under the same rules. */
  readonly id: string
  readonly values: Readonly<Record<string, string>>
}

/** What of the database itself decides how its rows are written. */
export interface OutputLocale {
  /** `pg_encoding_to_char(encoding)`. */
  readonly encoding: string
  /** `lc_monetary` as the database's sessions have it. */
  readonly lcMonetary: string
}

export const sessionSettingsId = 'session-v1'

/**
 * The one list for capture, load and verify (SAFETY rule 17: settings of a database or role would otherwise change COPY
 * bytes). It is recorded in the manifest; load and verify take the values from there. UTF8 is what table names reach
 * the server in; an SQL_ASCII database holds bytes of no encoding, which must not be converted.
 */
export function captureSessionSettings(locale: OutputLocale): SessionSettings {
  return {
    id: sessionSettingsId,
    values: {
      client_encoding: locale.encoding === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8',
      search_path: 'pg_catalog',
      DateStyle: 'ISO, YMD',
      IntervalStyle: 'postgres',
      TimeZone: 'UTC',
      extra_float_digits: '3',
      bytea_output: 'hex',
      xmlbinary: 'base64',
      xmloption: 'content',
      lc_monetary: locale.lcMonetary,
      array_nulls: 'on',
      quote_all_identifiers: 'off',
      standard_conforming_strings: 'on',
      row_security: 'off',
      synchronize_seqscans: 'off',
      statement_timeout: '0',
      lock_timeout: '0',
      idle_in_transaction_session_timeout: '0',
      idle_session_timeout: '0',
      transaction_timeout: '0',
    },
  }
}

/**
 * One statement that applies the list to a session, before any transaction. Settings that this server does not know
 * yet (transaction_timeout came with 17) are passed over; a value it refuses is an error.
 */
export function sessionSettingsStatement(settings: SessionSettings): string {
  const rows = Object.entries(settings.values).map(([name, value]) => `(${quoteLiteral(name)}, ${quoteLiteral(value)})`)
  return (
    `SELECT pg_catalog.set_config(name, value, false) FROM (VALUES ${rows.join(', ')}) AS wanted (name, value) ` +
    `WHERE pg_catalog.current_setting(name, true) IS NOT NULL`
  )
}

export async function applySessionSettings(connection: Connection, settings: SessionSettings): Promise<void> {
  await connection.query(sessionSettingsStatement(settings))
}
