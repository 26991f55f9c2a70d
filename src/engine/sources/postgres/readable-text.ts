import { Fault } from '#base/fault.ts'
import type { Connection } from './connection.ts'

/**
 * A database of no encoding (SQL_ASCII) may hold names, and text in its definitions, that are not UTF-8. Rows pass through
 * us as bytes; these we handle as text, and would write down something else. DATABASE_ENCODING names the first.
 */
export async function requireReadableText(connection: Connection): Promise<void> {
  const [database] = await connection.query<{ encoding: string }>(
    `SELECT pg_catalog.pg_encoding_to_char(encoding) AS encoding FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`,
  )
  if (database?.encoding !== 'SQL_ASCII') return
  const texts = await connection.query<{ kind: string; bytes: string }>(textsSql)
  const unreadable = texts.find(({ bytes }) => !isUtf8(Buffer.from(bytes, 'hex')))
  if (!unreadable) return
  const shown = Buffer.from(unreadable.bytes, 'hex').toString('latin1').slice(0, 80)
  const fact = `the database is SQL_ASCII and a ${unreadable.kind} is not UTF-8: ${JSON.stringify(shown)} in Latin 1`
  throw new Fault('DATABASE_ENCODING', fact, { kind: unreadable.kind, bytes: unreadable.bytes.slice(0, 160) })
}

const texts: readonly (readonly [kind: string, from: string])[] = [
  ['schema', 'nspname FROM pg_catalog.pg_namespace'],
  ['table or other relation', 'relname FROM pg_catalog.pg_class'],
  ['column', 'attname FROM pg_catalog.pg_attribute WHERE attnum > 0'],
  ['type', 'typname FROM pg_catalog.pg_type'],
  ['role', 'rolname FROM pg_catalog.pg_roles'],
  ['extension', 'extname FROM pg_catalog.pg_extension'],
  ['constraint', 'conname FROM pg_catalog.pg_constraint'],
  ['check', `pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint WHERE contype = 'c'`],
  [
    'comment on a constraint',
    `description FROM pg_catalog.pg_description WHERE classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass`,
  ],
  ['comment on a database or role', 'description FROM pg_catalog.pg_shdescription'],
  ['setting', 'pg_catalog.unnest(setconfig) FROM pg_catalog.pg_db_role_setting'],
]

// Bytes, since text would come to us decoded.
const textsSql = texts
  .map(
    ([kind, from]) =>
      `SELECT '${kind}' AS kind, pg_catalog.encode(pg_catalog.textsend(found.text::pg_catalog.text), 'hex') AS bytes FROM (SELECT ${from}) AS found (text)`,
  )
  .join(' UNION ALL ')

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch (error) {
    // What TextDecoder says of bytes that are not UTF-8.
    if (error instanceof TypeError) return false
    throw error
  }
}
