import { quoteLiteral, quoteName, type Connection } from './connection.ts'
import { dollarQuote } from './dollar-quote.ts'
import { isExtensionMember, userSchemas } from './coverage.ts'

/**
 * Foreign keys that rows violate, because they came in with triggers off (session_replication_role, DISABLE TRIGGER):
 * PostgreSQL calls such a key valid, and pg_restore cannot make it again. This SQL, to be run after the post-data section,
 * makes each key that is missing, as valid as it was, and warns. It needs a superuser, as the violation once did.
 */
export async function foreignKeysSql(connection: Connection): Promise<string> {
  const keys = await connection.query<ForeignKey>(keysSql)
  if (keys.length === 0) return '-- There are no foreign keys.\n'
  return [
    '-- Foreign keys that rows violate, made as they were. Those that are there already are left alone.',
    'BEGIN;',
    ...keys.map(addWhenAbsent),
    'COMMIT;',
    '',
  ].join('\n')
}

interface ForeignKey {
  schema: string
  table: string
  name: string
  definition: string
  comment: string | null
}

const keysSql = `
  SELECT n.nspname AS schema, c.relname AS table, k.conname AS name, pg_catalog.pg_get_constraintdef(k.oid) AS definition,
         pg_catalog.obj_description(k.oid, 'pg_constraint') AS comment
  FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE k.contype = 'f' AND k.convalidated AND k.conparentid = 0 AND ${userSchemas} AND NOT ${isExtensionMember('c')}
  ORDER BY 1, 2, 3`

function addWhenAbsent({ schema, table, name, definition, comment }: ForeignKey): string {
  const on = quoteName(schema, table)
  const found = `conrelid = ${quoteLiteral(on)}::pg_catalog.regclass AND conname = ${quoteLiteral(name)}`
  const lines = [
    `BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE ${found}) THEN RETURN; END IF;`,
    `ALTER TABLE ${on} ADD CONSTRAINT ${quoteName(name)} ${definition} NOT VALID;`,
    `UPDATE pg_catalog.pg_constraint SET convalidated = true WHERE ${found};`,
    ...(comment === null ? [] : [`COMMENT ON CONSTRAINT ${quoteName(name)} ON ${on} IS ${quoteLiteral(comment)};`]),
    `RAISE WARNING 'rows of the backup violate foreign key % of %', ${quoteLiteral(name)}, ${quoteLiteral(on)}; END`,
  ]
  return `DO ${dollarQuote(lines.join('\n'))};`
}
