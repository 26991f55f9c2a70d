import { Fault } from '#base/fault.ts'
import { quoteName, type Connection } from './connection.ts'

/**
 * Whether the role may read everything that a backup holds, asked of the catalog before anything is read. What is
 * missing is never left out in silence: DATABASE_COVERAGE prints each GRANT to run, DATABASE_ROW_SECURITY names the
 * tables whose policies would hide rows.
 */
export async function requireCoverage(connection: Connection): Promise<void> {
  const [role] = await connection.query<{ name: string; isSuperuser: boolean }>(
    `SELECT rolname AS name, rolsuper AS "isSuperuser" FROM pg_catalog.pg_roles WHERE rolname = current_user`,
  )
  if (!role || role.isSuperuser) return
  const missing = [...(await missingSchemas(connection)), ...(await missingRelations(connection)), ...(await missingObjects(connection))]
  if (missing.length > 0) {
    const grantee = quoteName(role.name)
    const grants = missing.map(({ grant }) => `${grant} TO ${grantee};`)
    const fact = `role ${role.name} may not read ${printNames(missing.map(({ what }) => what))}, run:\n${grants.join('\n')}`
    throw new Fault('DATABASE_COVERAGE', fact, { role: role.name, missing: missing.length, grants: grants.join(' ') })
  }
  await requireEveryRow(connection, role.name)
}

interface Missing {
  readonly what: string
  /** A GRANT without its TO. */
  readonly grant: string
}

/** Whose objects a dump holds: everything but PostgreSQL's own and temporary schemas. */
export const userSchemas = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`

/** `c` is a member of an extension, whose rows come with the extension unless it declares them configuration. */
export const isExtensionMember = (alias: string, catalog = 'pg_class') =>
  `EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND d.objid = ${alias}.oid AND d.deptype = 'e')`

export const isExtensionConfiguration = (alias: string) =>
  `EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE ${alias}.oid = ANY (e.extconfig))`

async function missingSchemas(connection: Connection): Promise<Missing[]> {
  const rows = await connection.query<{ schema: string }>(
    `SELECT n.nspname AS schema FROM pg_catalog.pg_namespace n
     WHERE ${userSchemas} AND NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')
       AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'm', 'S'))
     ORDER BY 1`,
  )
  return rows.map(({ schema }) => ({ what: `schema ${schema}`, grant: `GRANT USAGE ON SCHEMA ${quoteName(schema)}` }))
}

async function missingRelations(connection: Connection): Promise<Missing[]> {
  const rows = await connection.query<{ schema: string; name: string; kind: string }>(
    `SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE ${userSchemas} AND c.relkind IN ('r', 'p', 'm', 'S')
       AND (NOT ${isExtensionMember('c')} OR ${isExtensionConfiguration('c')})
       AND NOT CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
                    ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END
     ORDER BY 1, 2`,
  )
  return rows.map(({ schema, name, kind }) => ({
    what: `${kind === 'S' ? 'sequence' : kind === 'm' ? 'materialized view' : 'table'} ${schema}.${name}`,
    grant: `GRANT SELECT ON ${kind === 'S' ? 'SEQUENCE' : 'TABLE'} ${quoteName(schema, name)}`,
  }))
}

async function missingObjects(connection: Connection): Promise<Missing[]> {
  const rows = await connection.query<{ oid: string }>(
    `SELECT m.oid::text AS oid FROM pg_catalog.pg_largeobject_metadata m
     WHERE NOT pg_catalog.current_setting('lo_compat_privileges')::boolean
       AND NOT pg_catalog.pg_has_role(m.lomowner, 'USAGE')
       AND NOT EXISTS (
         SELECT FROM pg_catalog.aclexplode(m.lomacl) a
         WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE')))
     ORDER BY m.oid`,
  )
  return rows.map(({ oid }) => ({ what: `large object ${oid}`, grant: `GRANT SELECT ON LARGE OBJECT ${oid}` }))
}

async function requireEveryRow(connection: Connection, role: string): Promise<void> {
  const hidden = await connection.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE ${userSchemas} AND c.relkind IN ('r', 'p') AND c.relrowsecurity AND pg_catalog.row_security_active(c.oid)
     ORDER BY 1, 2`,
  )
  if (hidden.length === 0) return
  const names = printNames(hidden.map(({ schema, name }) => `${schema}.${name}`))
  const command = `ALTER ROLE ${quoteName(role)} BYPASSRLS;`
  throw new Fault('DATABASE_ROW_SECURITY', `row security would hide rows of ${names} from role ${role}, run:\n${command}`, {
    role,
    tables: hidden.length,
  })
}

function printNames(names: readonly string[]): string {
  const shown = names.slice(0, 20).join(', ')
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown
}
