import { connect, quoteName, type Connection } from '#engine/sources/postgres/connection.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'

/**
 * A judge that knows nothing of pg_dump: every row of every catalog of two databases of PostgreSQL 14 or later is
 * compared, with each OID written as the identity of what it names, each column number as the column's name, each
 * expression as the server prints it. Returns a line for each row that only one of them has: `< catalog: row` for the
 * first, `> catalog: row` for the second.
 */
export async function catalogDiff(one: DatabaseTarget, other: DatabaseTarget): Promise<string[]> {
  const [ours, theirs] = await Promise.all([describe(one), describe(other)])
  return [...only(ours, theirs).map((line) => `< ${line}`), ...only(theirs, ours).map((line) => `> ${line}`)].toSorted((a, b) =>
    a.slice(2) < b.slice(2) ? -1 : 1,
  )
}

function only(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1)
  return lines.filter((line) => {
    const count = left.get(line) ?? 0
    left.set(line, count - 1)
    return count <= 0
  })
}

type Row = Record<string, unknown>

interface Names {
  /** `catalog oid` → identity. */
  readonly objects: ReadonlyMap<string, string>
  /** `relation attnum` → column. */
  readonly columns: ReadonlyMap<string, string>
  /** `pg_class` oid of a catalog → its name. */
  readonly catalogs: ReadonlyMap<string, string>
  /** `catalog.column` → the catalog that its OIDs are of. */
  readonly references: ReadonlyMap<string, string>
}

async function describe(target: DatabaseTarget): Promise<string[]> {
  await using connection = await connect(target)
  await connection.query(
    `set search_path = ''; set default_transaction_read_only = on; set jit = off; set extra_float_digits = 3; set statement_timeout = 0; set quote_all_identifiers = off; set datestyle = 'ISO'; set timezone = 'UTC'; set bytea_output = 'hex'`,
  )
  const names = await readNames(connection)
  const lines: string[] = []
  const present = await connection.query<{ name: string }>(
    `select relname as name from pg_catalog.pg_class where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r'`,
  )
  for (const { name } of present.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (isElsewhere.has(name)) continue
    const rows = await connection.query<{ row: Row }>(
      `select to_jsonb(c) || jsonb_build_object(${(printed[name] ?? []).join(', ')}) as row from pg_catalog.${name} c where ${compared[name] ?? 'true'}`,
    )
    for (const { row } of rows) lines.push(`${name}: ${print(name, row, names)}`)
  }
  return lines
}

/** What belongs to the server or to the database as a whole, rows, and what ANALYZE computes. */
const isElsewhere = new Set(
  `pg_authid pg_auth_members pg_database pg_db_role_setting pg_tablespace pg_shdescription pg_shseclabel pg_statistic
   pg_statistic_ext_data pg_largeobject pg_parameter_acl pg_replication_origin pg_subscription_rel`.split(/\s+/),
)

const acl = (column: string, kind: string, owner: string) =>
  `'${column}', (select array_agg(item::text order by item::text) from unnest(coalesce(c.${column}, acldefault(${kind}, c.${owner}))) as item)`

/** What the server prints in place of a `pg_node_tree`, of a number that counts dropped columns too, or of a default that is written out. */
const printed: Readonly<Record<string, readonly string[]>> = {
  pg_attrdef: [`'adbin', pg_get_expr(c.adbin, c.adrelid)`],
  pg_attribute: [
    `'attnum', case when c.attnum > 0 then (select count(*) from pg_catalog.pg_attribute b where b.attrelid = c.attrelid and b.attnum between 1 and c.attnum and not b.attisdropped) else c.attnum end`,
    // A number that PostgreSQL 15.20 keeps for itself there, another one for each table that is made.
    `'attoptions', (select array_agg(option order by place) from unnest(c.attoptions) with ordinality as o(option, place) where option not like 'pg_attver=%')`,
  ],
  pg_class: [
    `'relpartbound', pg_get_expr(c.relpartbound, c.oid)`,
    acl('relacl', `case c.relkind when 'S' then 's'::"char" else 'r' end`, 'relowner'),
  ],
  pg_constraint: [`'conbin', pg_get_constraintdef(c.oid), 'connoinherit', c.connoinherit and c.contype = 'c'`],
  pg_enum: [
    `'enumsortorder', (select count(*) from pg_catalog.pg_enum b where b.enumtypid = c.enumtypid and b.enumsortorder <= c.enumsortorder)`,
  ],
  pg_index: [`'indexprs', pg_get_indexdef(c.indexrelid), 'indpred', null`],
  pg_language: [acl('lanacl', `'l'`, 'lanowner')],
  pg_namespace: [acl('nspacl', `'n'`, 'nspowner')],
  pg_partitioned_table: [`'partexprs', pg_get_partkeydef(c.partrelid)`],
  pg_policy: [`'polqual', pg_get_expr(c.polqual, c.polrelid), 'polwithcheck', pg_get_expr(c.polwithcheck, c.polrelid)`],
  pg_proc: [
    `'prosqlbody', pg_get_function_sqlbody(c.oid), 'proargdefaults', pg_get_function_arguments(c.oid)`,
    acl('proacl', `'f'`, 'proowner'),
  ],
  pg_publication_rel: [`'prqual', pg_get_expr(c.prqual, c.prrelid)`],
  pg_rewrite: [`'ev_action', pg_get_ruledef(c.oid), 'ev_qual', null`],
  pg_statistic_ext: [`'stxexprs', pg_get_statisticsobjdef(c.oid)`],
  pg_trigger: [`'tgqual', pg_get_triggerdef(c.oid)`],
  pg_type: [
    `'typdefaultbin', null, 'typdefault', coalesce(pg_get_expr(c.typdefaultbin, 0), c.typdefault)`,
    acl('typacl', `'T'`, 'typowner'),
  ],
}

/** Places on disk, counters, and flags that the server sets and clears when it happens to look. */
const isPassing = new Set(
  `oid relfilenode relpages reltuples relallvisible relfrozenxid relminmxid relhasindex relhasrules relhastriggers relhassubclass
   relnatts reltoastrelid attcacheoff atthasmissing attmissingval indcheckxmin relrewrite`.split(/\s+/),
)

const here = '(select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())'

const compared: Readonly<Record<string, string>> = {
  pg_attribute: 'not c.attisdropped',
  pg_shdepend: `c.dbid = ${here}`,
  pg_subscription: `c.subdbid = ${here}`,
}

/** Columns that hold numbers of columns, with the column that says of which relation. */
const columnNumbers: Readonly<Record<string, string>> = {
  'pg_attrdef.adnum': 'adrelid',
  'pg_constraint.conkey': 'conrelid',
  'pg_constraint.confkey': 'confrelid',
  'pg_constraint.confdelsetcols': 'conrelid',
  'pg_depend.objsubid': 'objid',
  'pg_depend.refobjsubid': 'refobjid',
  'pg_description.objsubid': 'objoid',
  'pg_index.indkey': 'indrelid',
  'pg_init_privs.objsubid': 'objoid',
  'pg_partitioned_table.partattrs': 'partrelid',
  'pg_publication_rel.prattrs': 'prrelid',
  'pg_seclabel.objsubid': 'objoid',
  'pg_shdepend.objsubid': 'objid',
  'pg_statistic_ext.stxkeys': 'stxrelid',
  'pg_trigger.tgattr': 'tgrelid',
}

/** Columns whose catalog stands in another column. */
const anyObject: Readonly<Record<string, string>> = {
  'pg_depend.objid': 'classid',
  'pg_depend.refobjid': 'refclassid',
  'pg_description.objoid': 'classoid',
  'pg_init_privs.objoid': 'classoid',
  'pg_seclabel.objoid': 'classoid',
  'pg_shdepend.objid': 'classid',
  'pg_shdepend.refobjid': 'refclassid',
}

function print(catalog: string, row: Row, names: Names): string {
  const parts = Object.entries(row).filter(([column, value]) => value !== null && !isPassing.has(column))
  return parts.map(([column, value]) => `${column}=${printValue(`${catalog}.${column}`, value, { row, names })}`).join(' ')
}

function printValue(column: string, value: unknown, { row, names }: { row: Row; names: Names }): string {
  const each = (print: (part: string) => string) => listOf(value).map(print).join(',')
  const relation = columnNumbers[column]
  if (relation !== undefined) return each((part) => names.columns.get(`${String(row[relation])} ${part}`) ?? part)
  const classColumn = anyObject[column]
  const reference = classColumn === undefined ? names.references.get(column) : names.catalogs.get(String(row[classColumn]))
  if (reference !== undefined && reference !== 'pg_largeobject')
    return each((part) => (part === '0' ? '-' : (names.objects.get(`${reference} ${part}`) ?? `? ${part}`)))
  // Options of foreign servers and the like are dumped in the order of their names.
  const inOrder = Array.isArray(value) && column.endsWith('options') ? value.map(String).toSorted((a, b) => (a < b ? -1 : 1)) : value
  return withoutOids(JSON.stringify(inOrder))
}

/** Names that PostgreSQL makes from OIDs. */
function withoutOids(text: string): string {
  return text.replaceAll(/\b(pg_toast_|RI_ConstraintTrigger_[ac]_)\d+/g, '$1N')
}

function listOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String)
  // oidvector and int2vector.
  return String(value).split(' ')
}

async function readNames(connection: Connection): Promise<Names> {
  const catalogs = await connection.query<{ oid: string; name: string; hasOid: boolean }>(
    `select c.oid::text as oid, c.relname as name, exists (select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'oid') as "hasOid"
     from pg_catalog.pg_class c where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r'`,
  )
  const objects = new Map<string, string>()
  for (const { name } of catalogs.filter(({ hasOid }) => hasOid)) {
    const identity = identities[name] ?? `(pg_catalog.pg_identify_object('pg_catalog.${name}'::regclass, c.oid, 0)).identity`
    const found = await connection.query<{ oid: string; identity: string | null }>(
      `select c.oid::text as oid, ${identity} as identity from pg_catalog.${quoteName(name)} c`,
    )
    for (const { oid, identity } of found) objects.set(`${name} ${oid}`, withoutOids(identity ?? '?'))
  }
  const columns = await connection.query<{ place: string; name: string }>(
    `select attrelid::text || ' ' || attnum::text as place, attname as name from pg_catalog.pg_attribute`,
  )
  const references = await connection.query<{ column: string; catalog: string }>(
    `select fktable::text || '.' || fkcols[1] as column, pktable::text as catalog from pg_catalog.pg_get_catalog_foreign_keys() where cardinality(fkcols) = 1`,
  )
  return {
    objects,
    columns: new Map(columns.map(({ place, name }) => [place, name])),
    catalogs: new Map(catalogs.map(({ oid, name }) => [oid, name])),
    references: new Map(
      references.map(({ column, catalog }) => [column.replaceAll('pg_catalog.', ''), catalog.replaceAll('pg_catalog.', '')]),
    ),
  }
}

/** Where the identity itself holds an OID, or is of the server. */
const identities: Readonly<Record<string, string>> = {
  pg_class: `coalesce((select 'toast of ' || o.oid::regclass::text from pg_catalog.pg_class o where o.reltoastrelid = c.oid),
    (select 'toast index of ' || o.oid::regclass::text from pg_catalog.pg_index i join pg_catalog.pg_class o on o.reltoastrelid = i.indrelid where i.indexrelid = c.oid), c.oid::regclass::text)`,
  pg_enum: `c.enumtypid::pg_catalog.regtype::text || '.' || c.enumlabel`,
  // What depends names the catalog of the pages.
  pg_largeobject_metadata: `c.oid::text`,
  pg_database: `case when c.datname = pg_catalog.current_database() then 'here' else c.datname end`,
}
