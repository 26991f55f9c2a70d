import { Fault } from '#base/fault.ts'
import { quoteName, type Connection } from './connection.ts'
import type { GraphTable } from './reference-graph.ts'

/**
 * Under row security a role sees, and changes, a part: hidden rows would look deleted (SAFETY rule 32). DATABASE_ROW_SECURITY when any
 * table has it and the role may not pass it by.
 */
export async function assertSeesEveryRow(connection: Connection): Promise<void> {
  const { user } = connection.target
  const [role] = await connection.query<{ bypasses: boolean }>(
    'SELECT rolsuper OR rolbypassrls AS bypasses FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) CURRENT_USER',
  )
  const [secured] = await connection.query<{ name: string }>(
    `SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relrowsecurity AND n.nspname !~ '^pg_' LIMIT 1`,
  )
  if (!secured || role?.bypasses) return
  const fact = `role ${user} has no BYPASSRLS, so rows of ${secured.name} may be hidden from it, and hidden rows look deleted`
  throw new Fault('DATABASE_ROW_SECURITY', fact, { role: user, table: secured.name })
}

/** What a change set does to its tables. DATABASE_PRIVILEGE prints the GRANT for what the role lacks. */
export async function assertMayWriteRows(connection: Connection, tables: readonly GraphTable[]): Promise<void> {
  await assertSeesEveryRow(connection)
  const { user } = connection.target
  const lacking = await connection.query<{ name: string; grants: string }>(
    `SELECT n.nspname || '.' || c.relname AS name, pg_catalog.string_agg(right_name, ', ') AS grants
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       CROSS JOIN pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS right_name
     WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND NOT pg_catalog.has_table_privilege(c.oid, right_name)
     GROUP BY n.nspname, c.relname ORDER BY 1`,
    [tables.map(({ oid }) => oid)],
  )
  if (lacking.length === 0) return
  const byName = new Map(tables.map((table) => [`${table.schema}.${table.name}`, table]))
  const grants = lacking.map(({ name, grants: rights }) => {
    const { schema, name: table } = byName.get(name)!
    return `GRANT ${rights} ON ${quoteName(schema, table)} TO ${quoteName(user)};`
  })
  throw new Fault('DATABASE_PRIVILEGE', `role ${user} may not write ${lacking[0]!.name}, run:\n${grants.join('\n')}`, { role: user })
}
