import { quoteLiteral, quoteName, type Connection } from './connection.ts'
import { dollarQuote } from './dollar-quote.ts'
import { printSetting, propertyStatements, settingStatements, type DatabaseProperties } from './database-properties.ts'

export interface UsedRole {
  readonly name: string
  /** PostgreSQL's own (`pg_…`): every server has them. */
  readonly isPredefined: boolean
  readonly attributes: string
  readonly comment: string | null
  /** `name=value` for every database. */
  readonly settings: readonly string[]
  readonly memberOf: readonly { readonly role: string; readonly isAdmin: boolean }[]
}

/**
 * Roles that own or may do something in this database, or have settings for it, and every role that these belong to,
 * those that others belong to first. Never a password: only superusers can read them, and a backup is no place for them.
 */
export async function usedRoles(connection: Connection): Promise<UsedRole[]> {
  const rows = await connection.query<UsedRole>(usedRolesSql)
  const byName = new Map(rows.map((role) => [role.name, role]))
  const ordered = new Set<UsedRole>()
  const place = (role: UsedRole) => {
    if (ordered.has(role)) return
    for (const { role: above } of role.memberOf) if (byName.has(above)) place(byName.get(above)!)
    ordered.add(role)
  }
  rows.forEach(place)
  return [...ordered]
}

// The bootstrap superuser (OID 10) is pinned, so no dependency names it: it counts when it owns anything made by a user.
const usedRolesSql = `
  WITH RECURSIVE here AS (
    SELECT oid, datdba FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
  ), used (oid) AS (
    SELECT datdba FROM here
    UNION SELECT s.refobjid FROM pg_catalog.pg_shdepend s, here
      WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
        AND (s.dbid = here.oid OR s.dbid = 0 AND s.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND s.objid = here.oid)
    UNION SELECT s.setrole FROM pg_catalog.pg_db_role_setting s, here WHERE s.setdatabase = here.oid AND s.setrole <> 0
    UNION SELECT 10::pg_catalog.oid WHERE EXISTS (SELECT FROM pg_catalog.pg_class WHERE relowner = 10 AND oid >= 16384)
      OR EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspowner = 10 AND oid >= 16384)
      OR EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proowner = 10 AND oid >= 16384)
      OR EXISTS (SELECT FROM pg_catalog.pg_type WHERE typowner = 10 AND oid >= 16384)
    UNION SELECT m.roleid FROM used JOIN pg_catalog.pg_auth_members m ON m.member = used.oid
  )
  SELECT r.rolname AS name, r.rolname ~ '^pg_' AS "isPredefined",
    concat_ws(' ',
      CASE WHEN r.rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END, CASE WHEN r.rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
      CASE WHEN r.rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,
      CASE WHEN r.rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END, CASE WHEN r.rolreplication THEN 'REPLICATION' ELSE 'NOREPLICATION' END,
      CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END, 'CONNECTION LIMIT ' || r.rolconnlimit,
      'VALID UNTIL ' || pg_catalog.quote_literal(r.rolvaliduntil)) AS attributes,
    pg_catalog.shobj_description(r.oid, 'pg_authid') AS comment,
    coalesce((SELECT pg_catalog.to_jsonb(s.setconfig) FROM pg_catalog.pg_db_role_setting s
      WHERE s.setrole = r.oid AND s.setdatabase = 0), '[]') AS settings,
    coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('role', g.rolname, 'isAdmin', m.isadmin) ORDER BY g.rolname COLLATE "C")
      FROM (SELECT roleid, bool_or(admin_option) AS isadmin FROM pg_catalog.pg_auth_members WHERE member = r.oid GROUP BY roleid) m
        JOIN pg_catalog.pg_roles g ON g.oid = m.roleid), '[]') AS "memberOf"
  FROM pg_catalog.pg_roles r WHERE r.oid IN (SELECT oid FROM used)
  ORDER BY r.rolname COLLATE "C"`

/** Creates each role that the server lacks, with its settings and memberships; one that it has is left as it is. */
export function rolesSql(roles: readonly UsedRole[]): string {
  const blocks = roles.filter((role) => !role.isPredefined).map(createWhenAbsent)
  const about = '-- Roles that the database uses, without passwords: set them before anybody logs in.'
  return [about, ...blocks, ''].join('\n')
}

function createWhenAbsent(role: UsedRole): string {
  const name = quoteName(role.name)
  const statements = [
    `CREATE ROLE ${name} ${role.attributes}`,
    ...role.settings.map((setting) => `ALTER ROLE ${name} SET ${printSetting(setting)}`),
    ...role.memberOf.map(({ role: above, isAdmin }) => `GRANT ${quoteName(above)} TO ${name}${isAdmin ? ' WITH ADMIN OPTION' : ''}`),
    ...(role.comment === null ? [] : [`COMMENT ON ROLE ${name} IS ${quoteLiteral(role.comment)}`]),
  ]
  const lines = [
    'BEGIN',
    `IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${quoteLiteral(role.name)}) THEN`,
    ...statements.map((statement) => `  ${statement};`),
    'END IF;',
    'END',
  ]
  return `DO ${dollarQuote(lines.join('\n'))};`
}

/**
 * Owner, grants, comment, flags and settings of the database, for psql with the variable `database`; in one transaction,
 * from another database.
 */
export function databaseSql(properties: DatabaseProperties): string {
  const variable = '\u0001'
  const statements = [
    ...propertyStatements(variable, properties, { owner: properties.owner, acl: null }),
    ...settingStatements(variable, properties, (role) => role),
  ]
  const lines = statements.map((statement) => `${statement.replace(quoteName(variable), ':"database"')};`)
  return ['-- What belongs to the database as a whole. The variable "database" holds its name.', ...lines, ''].join('\n')
}

/** CREATE DATABASE for psql, with what cannot be changed afterwards. The tablespace is chosen by the script. */
export function createDatabaseSql(properties: DatabaseProperties, serverVersion: number): string {
  const parts = [
    `CREATE DATABASE :"database" WITH TEMPLATE = template0`,
    `OWNER = ${quoteName(properties.owner)}`,
    `ENCODING = ${quoteLiteral(properties.encoding)}`,
    `LC_COLLATE = ${quoteLiteral(properties.collate)}`,
    `LC_CTYPE = ${quoteLiteral(properties.ctype)}`,
  ]
  if (serverVersion >= 150_000 && properties.localeProvider !== 'libc') {
    parts.push(`LOCALE_PROVIDER = ${properties.localeProvider}`)
    const localeName = properties.localeProvider === 'icu' ? 'ICU_LOCALE' : 'BUILTIN_LOCALE'
    if (properties.icuLocale !== null) parts.push(`${localeName} = ${quoteLiteral(properties.icuLocale)}`)
    if (properties.icuRules !== null) parts.push(`ICU_RULES = ${quoteLiteral(properties.icuRules)}`)
  }
  return `${parts.join(' ')};\n`
}
