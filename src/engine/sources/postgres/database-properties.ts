import { Fault } from '#base/fault.ts'
import { quoteLiteral, quoteName, type Connection } from './connection.ts'
import type { DatabaseRecord } from './database-record.ts'
import type { DatabaseSection } from './database-section.ts'

/** What belongs to a database by its OID and so would be lost by a swap (POSTGRES §4, "Lost by swap"). */
export type DatabaseProperties = DatabaseSection['properties']
export type StageProperties = DatabaseRecord['stageProperties']

/** Reads the properties of any database of the cluster. DATABASE_NOT_FOUND when there is none of that name. */
export async function databaseProperties(connection: Connection, name: string): Promise<DatabaseProperties> {
  // Columns that came with later versions are taken out of the row's JSON, so that one statement fits 13 to 18.
  const rows = await connection.query<PropertiesRow>(propertiesSql, [name])
  const row = rows[0]
  if (row === undefined) throw new Fault('DATABASE_NOT_FOUND', `there is no database ${name} on the server`, { name })
  return row.properties
}

interface PropertiesRow {
  properties: DatabaseProperties
}

const propertiesSql = `
  select jsonb_build_object(
    'encoding', pg_catalog.pg_encoding_to_char(d.encoding),
    'collate', d.datcollate,
    'ctype', d.datctype,
    'localeProvider', case coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end,
    'icuLocale', coalesce(to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale'),
    'icuRules', to_jsonb(d) ->> 'daticurules',
    'tablespace', (select spcname from pg_catalog.pg_tablespace where oid = d.dattablespace),
    'owner', pg_catalog.pg_get_userbyid(d.datdba),
    'isTemplate', d.datistemplate,
    'allowConnections', d.datallowconn,
    'connectionLimit', d.datconnlimit,
    'comment', pg_catalog.shobj_description(d.oid, 'pg_database'),
    'acl', (select jsonb_agg(item::text order by position) from unnest(d.datacl) with ordinality as listed(item, position)),
    'settings', coalesce((
      select jsonb_agg(jsonb_build_object('role', r.rolname, 'values', to_jsonb(s.setconfig)) order by r.rolname collate "C" nulls first)
      from pg_catalog.pg_db_role_setting s left join pg_catalog.pg_roles r on r.oid = s.setrole
      where s.setdatabase = d.oid), '[]'),
    'securityLabels', coalesce((
      select jsonb_agg(jsonb_build_object('provider', l.provider, 'label', l.label) order by l.provider collate "C")
      from pg_catalog.pg_shseclabel l
      where l.objoid = d.oid and l.classoid = 'pg_catalog.pg_database'::pg_catalog.regclass), '[]')
  ) as properties
  from pg_catalog.pg_database d where d.datname = $1`

/** Properties, apart from the owner, that staging takes on in the rename transaction; `roleOf` maps each role of the backup to one of the target. */
export function stagePropertiesOf(properties: DatabaseProperties, roleOf: (role: string) => string): StageProperties {
  return {
    allowConnections: properties.allowConnections,
    connectionLimit: properties.connectionLimit,
    comment: properties.comment,
    isTemplate: properties.isTemplate,
    acl: properties.acl?.map((text) => printAclItem(mapAclItem(parseAclItem(text), roleOf))) ?? null,
  }
}

export type OwnedProperties = StageProperties & { readonly owner: string }

/**
 * The statements that give `name` its owner, grants, comment and flags, to be run in this order inside ONE transaction
 * (they may use SET LOCAL) from a session in another database. `allowConnections` stands last. `current` is what it has now.
 */
export function propertyStatements(name: string, properties: OwnedProperties, current: Pick<OwnedProperties, 'owner' | 'acl'>): string[] {
  const database = quoteName(name)
  return [
    ...aclStatements(database, properties, current),
    `comment on database ${database} is ${properties.comment === null ? 'null' : quoteLiteral(properties.comment)}`,
    `alter database ${database} with connection limit ${properties.connectionLimit}`,
    `alter database ${database} with is_template ${properties.isTemplate}`,
    `alter database ${database} with allow_connections ${properties.allowConnections}`,
  ]
}

/** `ALTER DATABASE SET`, `ALTER ROLE IN DATABASE SET` and labels. Kept by OID, so they move with a rename. */
export function settingStatements(name: string, properties: DatabaseProperties, roleOf: (role: string) => string): string[] {
  const database = quoteName(name)
  const settings = properties.settings.flatMap(({ role, values }) => {
    const whose = role === null ? `alter database ${database}` : `alter role ${quoteName(roleOf(role))} in database ${database}`
    return values.map((value) => `${whose} set ${printSetting(value)}`)
  })
  const labels = properties.securityLabels.map(
    ({ provider, label }) => `security label for ${quoteName(provider)} on database ${database} is ${quoteLiteral(label)}`,
  )
  return [...settings, ...labels]
}

// dumputils.c variable_is_guc_list_quote: their stored value is a list whose parts are quoted already, and must be given as a list.
const quotedLists = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])

/** `name=value` as pg_db_role_setting has it → what stands behind SET. */
export function printSetting(setting: string): string {
  const cut = setting.indexOf('=')
  const name = setting.slice(0, cut)
  const value = setting.slice(cut + 1)
  const quoted = name.split('.').map((part) => quoteName(part))
  if (!quotedLists.has(name.toLowerCase())) return `${quoted.join('.')} to ${quoteLiteral(value)}`
  const parts = splitQuotedList(value)
  // An empty list is written as one empty string: `SET search_path TO ''`.
  return `${quoted.join('.')} to ${parts.length === 0 ? "''" : parts.map(quoteLiteral).join(', ')}`
}

/** `"Weird Schema", public` → two names, as SplitGUCList reads them: quotes doubled, case kept. */
export function splitQuotedList(text: string): string[] {
  const parts: string[] = []
  for (const [, quoted, plain] of text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,"]*[^,"\s]))\s*(?:,|$)/g)) {
    parts.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'))
  }
  return parts
}

export interface AclItem {
  /** Empty for PUBLIC. */
  readonly grantee: string
  readonly grantor: string
  readonly privileges: readonly { readonly letter: string; readonly isGrantable: boolean }[]
}

/** An aclitem: grantee, `=`, letters each with `*` when grantable, slash, grantor; odd names are quoted (acl.c putid). */
export function parseAclItem(text: string): AclItem {
  const match = /^("(?:[^"]|"")*"|[^"=]*)=([A-Za-z*]*)\/("(?:[^"]|"")*"|[^"]*)$/.exec(text)
  if (!match) throw new Fault('DATABASE_QUERY', `the server's privilege ${text} cannot be read`, { text })
  const [, grantee = '', letters = '', grantor = ''] = match
  const privileges = [...letters.matchAll(/([A-Za-z])(\*?)/g)].map(([, letter, star]) => ({ letter: letter!, isGrantable: star === '*' }))
  return { grantee: unquote(grantee), grantor: unquote(grantor), privileges }
}

function printAclItem(acl: AclItem): string {
  const letters = acl.privileges.map(({ letter, isGrantable }) => letter + (isGrantable ? '*' : '')).join('')
  return `${quoteRole(acl.grantee)}=${letters}/${quoteRole(acl.grantor)}`
}

function mapAclItem(acl: AclItem, roleOf: (role: string) => string): AclItem {
  return { ...acl, grantee: acl.grantee === '' ? '' : roleOf(acl.grantee), grantor: roleOf(acl.grantor) }
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

function quoteRole(name: string): string {
  return /^[A-Za-z0-9_]*$/.test(name) ? name : quoteName(name)
}

const privilegeNames: Readonly<Record<string, string>> = { C: 'create', T: 'temporary', c: 'connect' }

/**
 * From whatever `current` says to exactly `wanted`. Everything is revoked first, by those who granted it, then granted
 * again in an order in which each grantor holds what it passes on. SET ROLE stands in for GRANTED BY, which GRANT on
 * objects accepts for the current user alone.
 */
function aclStatements(database: string, wanted: OwnedProperties, current: Pick<OwnedProperties, 'owner' | 'acl'>): string[] {
  const revokes = [...new Set((current.acl ?? []).map(parseAclItem).map((acl) => acl.grantee))]
    .concat(['', current.owner])
    .map((grantee) => `revoke all on database ${database} from ${grantee === '' ? 'public' : quoteName(grantee)} cascade`)
  const owner = `alter database ${database} owner to ${quoteName(wanted.owner)}`
  const grants = inGrantOrder(wanted).flatMap((acl) => grantStatements(database, wanted.owner, acl))
  return [...new Set(revokes), owner, ...grants]
}

function grantStatements(database: string, owner: string, acl: AclItem): string[] {
  const to = acl.grantee === '' ? 'public' : quoteName(acl.grantee)
  const grants = acl.privileges.map(({ letter, isGrantable }) => {
    const privilege = privilegeNames[letter]
    if (privilege === undefined) throw new Fault('DATABASE_QUERY', `the privilege ${letter} of a database is not known`, { letter })
    return `grant ${privilege} on database ${database} to ${to}${isGrantable ? ' with grant option' : ''}`
  })
  // What a superuser or the owner grants counts as granted by the owner (acl.c select_best_grantor).
  return acl.grantor === owner ? grants : [`set local role ${quoteName(acl.grantor)}`, ...grants, 'reset role']
}

/** A default ACL is written out: revoking made it explicit, and the two mean the same. */
function inGrantOrder(wanted: OwnedProperties): AclItem[] {
  const all: AclItem = {
    grantee: wanted.owner,
    grantor: wanted.owner,
    privileges: ['C', 'T', 'c'].map((letter) => ({ letter, isGrantable: false })),
  }
  const everybody: AclItem = {
    grantee: '',
    grantor: wanted.owner,
    privileges: ['T', 'c'].map((letter) => ({ letter, isGrantable: false })),
  }
  const waiting = wanted.acl === null ? [everybody, all] : wanted.acl.map(parseAclItem)
  const placed: AclItem[] = []
  const mayGrant = new Set([wanted.owner])
  while (waiting.length > 0) {
    const next = waiting.findIndex((acl) => mayGrant.has(acl.grantor))
    // A grantor that nobody lets grant cannot stand in an ACL that PostgreSQL made; taken in the order given.
    const [acl] = waiting.splice(Math.max(next, 0), 1)
    placed.push(acl!)
    if (acl!.privileges.some(({ isGrantable }) => isGrantable)) mayGrant.add(acl!.grantee)
  }
  return placed
}
