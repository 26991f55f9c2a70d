import type { Connection } from './connection.ts'
import { captureSessionSettings, type SessionSettings } from './session-settings.ts'

/** What decides which client programs fit. */
export async function readServerVersion(control: Connection): Promise<{ number: number; text: string }> {
  const [row] = await control.query<{ number: string; text: string }>(
    `SELECT pg_catalog.current_setting('server_version_num') AS number, pg_catalog.current_setting('server_version') AS text`,
  )
  return { number: Number(row?.number), text: row?.text ?? '' }
}

/** Under which rows of this database are read. */
export async function readSessionSettings(control: Connection): Promise<SessionSettings> {
  const [row] = await control.query<{ encoding: string; lcMonetary: string }>(
    `SELECT pg_catalog.pg_encoding_to_char(encoding) AS encoding, pg_catalog.current_setting('lc_monetary') AS "lcMonetary"
     FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`,
  )
  if (!row) throw new Error('the database does not know itself')
  return captureSessionSettings(row)
}
