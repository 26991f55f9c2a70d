import type { Connection } from './connection.ts'

export interface ChangedMembers {
  /** `extension: object`. */
  readonly changed: readonly { readonly name: string }[]
  /** Extensions of which it cannot be told. */
  readonly unknown: readonly { readonly name: string }[]
}

/**
 * Members of extensions that somebody changed, added or attached something to: pg_dump leaves all of that to CREATE
 * EXTENSION. A member's row has the transaction id under which it joined its extension, or that of the last ALTER
 * EXTENSION; pg_upgrade makes each member in a transaction of its own, and then nothing is left to tell it by.
 */
export async function changedMembers(connection: Connection): Promise<ChangedMembers> {
  const rows = await connection.query<{ extension: string; object: string; isRow: boolean; members: number }>(changedSql)
  const extensions = new Map<string, typeof rows>()
  for (const row of rows) extensions.set(row.extension, [...(extensions.get(row.extension) ?? []), row])
  const changed = new Set<string>()
  const unknown: { name: string }[] = []
  for (const [extension, found] of extensions) {
    const rewritten = found.filter(({ isRow }) => isRow).length
    if (rewritten > 2 && rewritten === found[0]!.members) unknown.push({ name: extension })
    else for (const { object } of found) changed.add(`${extension}: ${object}`)
  }
  return { changed: [...changed].map((name) => ({ name })), unknown }
}

const catalogs = [
  'pg_am',
  'pg_cast',
  'pg_class',
  'pg_collation',
  'pg_conversion',
  'pg_event_trigger',
  'pg_foreign_data_wrapper',
  'pg_foreign_server',
  'pg_language',
  'pg_namespace',
  'pg_opclass',
  'pg_operator',
  'pg_opfamily',
  'pg_proc',
  'pg_transform',
  'pg_ts_config',
  'pg_ts_dict',
  'pg_ts_parser',
  'pg_ts_template',
  'pg_type',
]

const rowsOfCatalogs = catalogs.map(
  (name) => `SELECT 'pg_catalog.${name}'::pg_catalog.regclass::pg_catalog.oid AS class, oid, xmin::text AS since FROM pg_catalog.${name}`,
)

const describe = (catalog: string, oid: string) =>
  `(SELECT i.type || ' ' || i.identity FROM pg_catalog.pg_identify_object('pg_catalog.${catalog}'::pg_catalog.regclass, ${oid}, 0) AS i)`

/** Something that stands on a member relation and came in another transaction. */
const attached = (catalog: string, relation: string, condition = 'true') => `
  SELECT member.extension, ${describe(catalog, 'a.oid')} AS object, false AS "isRow"
  FROM pg_catalog.${catalog} a JOIN member ON member.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND member.oid = a.${relation}
  WHERE a.xmin::text <> member.since AND ${condition} AND NOT EXISTS (
    SELECT FROM member also WHERE also.class = 'pg_catalog.${catalog}'::pg_catalog.regclass AND also.oid = a.oid)`

const changedSql = `
  WITH member AS (
    SELECT e.extname AS extension, e.xmin::text AS altered, d.classid AS class, d.objid AS oid, d.xmin::text AS since
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
    WHERE d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND e.oid >= 16384
  ), row AS (${rowsOfCatalogs.join(' UNION ALL ')}
  ), found AS (
    SELECT member.extension, (SELECT i.type || ' ' || i.identity FROM pg_catalog.pg_identify_object(member.class, member.oid, 0) AS i) AS object, true AS "isRow"
    FROM member JOIN row ON row.class = member.class AND row.oid = member.oid
    WHERE row.since NOT IN (member.since, member.altered)
    UNION ALL ${attached('pg_trigger', 'tgrelid', 'NOT a.tgisinternal')}
    UNION ALL ${attached('pg_constraint', 'conrelid')}
    UNION ALL ${attached('pg_rewrite', 'ev_class', `a.rulename <> '_RETURN'`)}
    UNION ALL
    SELECT member.extension, ${describe('pg_class', 'i.indexrelid')}, false
    FROM pg_catalog.pg_index i JOIN member ON member.class = 'pg_catalog.pg_class'::pg_catalog.regclass AND member.oid = i.indrelid
    WHERE i.xmin::text <> member.since
    UNION ALL
    SELECT member.extension, 'comment on ' || (SELECT i.type || ' ' || i.identity FROM pg_catalog.pg_identify_object(member.class, member.oid, d.objsubid) AS i), false
    FROM pg_catalog.pg_description d JOIN member ON member.class = d.classoid AND member.oid = d.objoid
    WHERE d.xmin::text NOT IN (member.since, member.altered)
  )
  SELECT found.extension, found.object, found."isRow",
    (SELECT count(*)::pg_catalog.int4 FROM member m WHERE m.extension = found.extension) AS members
  FROM found ORDER BY 1, 2`
