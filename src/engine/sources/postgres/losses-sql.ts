import { isExtensionConfiguration, isExtensionMember, userSchemas } from './coverage.ts'

/** One thing that does not come back bit for bit, the reason, and a query for the names of those that this database has. */
export interface Loss {
  readonly what: string
  readonly why: string
  /** One column of text. Runs on every server that can be captured, as any role that may capture it. */
  readonly names: string
  /** The names say nothing that matters. */
  readonly isNameless?: true
}

const relations = (condition: string, name = `pg_catalog.format('%s.%s', n.nspname, c.relname)`) =>
  `SELECT ${name} FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ${condition}`

const regclass = (name: string) => `'pg_catalog.${name}'::pg_catalog.regclass`

const identity = (catalog: string, oid: string) =>
  `(SELECT i.type || ' ' || i.identity FROM pg_catalog.pg_identify_object(${regclass(catalog)}, ${oid}, 0) AS i)`

const here = `(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`

const isSuperuser = `(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)`

/** initdb writes its own rows before those of information_schema. */
const initdb = `(SELECT pg_catalog.percentile_disc(0.5) WITHIN GROUP (ORDER BY c.xmin::text::bigint) FROM pg_catalog.pg_class c
  WHERE c.oid < 16384 AND c.relnamespace = 'information_schema'::pg_catalog.regnamespace)`

/** Made by users in a schema of PostgreSQL's own, which pg_dump does not look into. */
const strays = [
  ['pg_proc', 'pronamespace'],
  ['pg_operator', 'oprnamespace'],
  ['pg_collation', 'collnamespace'],
  ['pg_conversion', 'connamespace'],
  ['pg_opclass', 'opcnamespace'],
  ['pg_opfamily', 'opfnamespace'],
  ['pg_ts_config', 'cfgnamespace'],
  ['pg_ts_dict', 'dictnamespace'],
  ['pg_ts_parser', 'prsnamespace'],
  ['pg_ts_template', 'tmplnamespace'],
  ['pg_statistic_ext', 'stxnamespace'],
  ['pg_class', 'relnamespace', `AND o.relkind NOT IN ('i', 'I', 't')`],
  ['pg_type', 'typnamespace', `AND o.typtype IN ('b', 'd', 'e', 'r') AND o.typelem = 0`],
].map(
  ([catalog, namespace, condition = '']) => `
  SELECT ${identity(catalog!, 'o.oid')} FROM pg_catalog.${catalog} o JOIN pg_catalog.pg_namespace n ON n.oid = o.${namespace}
  WHERE o.oid >= 16384 AND NOT (${userSchemas}) AND n.nspname !~ '^pg_(temp|toast)' ${condition}
    AND NOT ${isExtensionMember('o', catalog)}`,
)

const isFromExtension = (catalog: string, oid: string) =>
  `EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = ${regclass(catalog)} AND d.objid = ${oid} AND d.deptype = 'e')`

/**
 * An operator or function in a family of PostgreSQL or of an extension: pg_dump writes it down with a family or class of
 * users alone. Those of an extension joined their family in one transaction.
 */
const looseMembers = (catalog: 'pg_amop' | 'pg_amproc', family: string, member: { catalog: string; oid: string }) => `
  SELECT ${identity(catalog, 'o.oid')} FROM pg_catalog.${catalog} o
    LEFT JOIN pg_catalog.pg_depend f ON f.classid = ${regclass('pg_opfamily')} AND f.objid = o.${family} AND f.deptype = 'e'
    LEFT JOIN pg_catalog.pg_extension e ON e.oid = f.refobjid
  WHERE o.oid >= 16384 AND (o.${family} < 16384 OR o.xmin::text NOT IN (f.xmin::text, e.xmin::text))
    AND NOT ${isFromExtension(member.catalog, member.oid)}
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = ${regclass(catalog)} AND d.objid = o.oid AND d.refclassid = ${regclass('pg_opclass')} AND d.deptype = 'i')`

const readsUnpopulated = `EXISTS (
  SELECT FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d ON d.classid = ${regclass('pg_rewrite')} AND d.objid = r.oid
    JOIN pg_catalog.pg_class read ON d.refclassid = ${regclass('pg_class')} AND read.oid = d.refobjid
  WHERE r.ev_class = c.oid AND read.relkind = 'm' AND NOT read.relispopulated)`

const constraintOn = `pg_catalog.format('%s on %s.%s', k.conname, n.nspname, c.relname)`
const constraints = `pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`

export const losses: readonly Loss[] = [
  {
    what: 'sequences',
    why: 'they obey no snapshot: a value may be ahead of the rows, never behind them',
    names: relations(`c.relkind = 'S' AND ${userSchemas}`),
    isNameless: true,
  },
  {
    what: 'unlogged tables',
    why: 'captured and restored, but the server empties them after a crash',
    names: relations(`c.relkind = 'r' AND c.relpersistence = 'u' AND ${userSchemas}`),
  },
  {
    what: 'foreign tables',
    why: 'their rows are on another server and are not in the backup',
    names: relations(`c.relkind = 'f' AND ${userSchemas}`),
  },
  {
    what: 'materialized views',
    why: 'their rows are made anew by REFRESH, from the rows of the backup; one that can no longer be refreshed comes back unpopulated',
    names: relations(`c.relkind = 'm' AND c.relispopulated AND ${userSchemas}`),
  },
  {
    what: 'populated materialized views that read an unpopulated one',
    why: 'they cannot be refreshed and come back unpopulated',
    names: relations(`c.relkind = 'm' AND c.relispopulated AND ${readsUnpopulated}`),
  },
  {
    what: 'subscriptions',
    why: 'restored disabled and not connected, so that nothing is fetched twice',
    names: `SELECT subname FROM pg_catalog.pg_subscription WHERE subdbid = ${here} AND ${isSuperuser}`,
  },
  {
    what: 'subscriptions that are not in the backup',
    why: 'PostgreSQL shows them to superusers alone',
    names: `SELECT subname FROM pg_catalog.pg_subscription WHERE subdbid = ${here} AND NOT ${isSuperuser}`,
  },
  {
    what: 'options of user mappings',
    why: 'PostgreSQL shows them to superusers alone; the mappings come back without them',
    names: `SELECT pg_catalog.format('%s for %s', srvname, usename) FROM pg_catalog.pg_user_mappings WHERE umoptions IS NULL AND NOT ${isSuperuser}`,
  },
  {
    what: 'invalid indexes',
    why: 'pg_dump leaves them out; no query could use them',
    names: relations(`c.relkind = 'i' AND ${userSchemas} AND EXISTS (
      SELECT FROM pg_catalog.pg_index i WHERE i.indexrelid = c.oid AND NOT i.indisvalid)`),
  },
  {
    what: 'logical replication slots',
    why: 'they belong to the server and cannot be restored',
    names: `SELECT slot_name FROM pg_catalog.pg_replication_slots WHERE database = pg_catalog.current_database()`,
  },
  {
    what: 'prepared transactions',
    why: 'not committed at the instant of the backup, so not in it',
    names: `SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()`,
  },
  {
    what: 'storage settings of system catalogs',
    why: 'PostgreSQL lets nobody set them in normal operation',
    names: relations(`c.oid < 16384 AND c.relkind = 'r' AND c.reloptions IS NOT NULL`),
  },
  {
    what: "objects in PostgreSQL's own schemas",
    why: 'pg_dump does not look into these schemas, so the objects are not in the backup',
    names: strays.join(' UNION ALL '),
  },
  {
    what: "comments on PostgreSQL's own objects",
    why: 'pg_dump takes them for those that every server has',
    names: `SELECT (SELECT i.type || ' ' || i.identity FROM pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) AS i)
      FROM pg_catalog.pg_description d WHERE d.objoid < 16384 AND d.xmin::text::bigint > ${initdb}
        AND d.classoid NOT IN (${regclass('pg_extension')}, ${regclass('pg_namespace')}, ${regclass('pg_largeobject')})
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')`,
  },
  {
    what: 'members of operator families that others made',
    why: 'pg_dump writes members down with their own class or family alone, so these are not in the backup',
    names: [
      looseMembers('pg_amop', 'amopfamily', { catalog: 'pg_operator', oid: 'o.amopopr' }),
      looseMembers('pg_amproc', 'amprocfamily', { catalog: 'pg_proc', oid: 'o.amproc' }),
    ].join(' UNION ALL '),
  },
  {
    what: 'operators that were named but never defined',
    why: 'pg_dump leaves them out; the server names them again when an operator refers to them',
    names: `SELECT ${identity('pg_operator', 'o.oid')} FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
      WHERE o.oprcode = 0 AND ${userSchemas}`,
  },
  {
    what: 'number of dimensions of array columns',
    why: 'pg_dump writes one; PostgreSQL holds no array to it',
    names: `SELECT pg_catalog.format('%s.%s.%s', n.nspname, c.relname, a.attname) FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE a.attndims > 1 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'c') AND ${userSchemas} AND NOT ${isExtensionMember('c')}`,
  },
  {
    what: 'names of foreign keys that partitions inherit',
    why: 'the server names them after the key of the partitioned table',
    names: `WITH RECURSIVE root (oid, conname, conrelid) AS (
        SELECT oid, conname, conrelid FROM pg_catalog.pg_constraint WHERE contype = 'f' AND conparentid = 0
        UNION ALL
        SELECT below.oid, root.conname, root.conrelid FROM root JOIN pg_catalog.pg_constraint below ON below.conparentid = root.oid
      ) SELECT ${constraintOn} FROM ${constraints} JOIN root ON root.oid = k.oid
      WHERE root.conrelid <> k.conrelid AND root.conname <> k.conname AND ${userSchemas}`,
  },
  {
    what: 'comments on constraints that are inherited',
    why: 'pg_dump writes comments down where the constraint is defined alone',
    names: `SELECT ${constraintOn} FROM ${constraints}
      WHERE k.contype IN ('c', 'f') AND NOT k.conislocal AND ${userSchemas}
        AND pg_catalog.obj_description(k.oid, 'pg_constraint') IS NOT NULL`,
  },
  {
    what: 'foreign keys whose checks are switched off',
    why: 'DISABLE TRIGGER ALL is in no dump, so they are checked again',
    names: `SELECT DISTINCT ${constraintOn} FROM ${constraints} JOIN pg_catalog.pg_trigger t ON t.tgconstraint = k.oid
      WHERE k.contype = 'f' AND t.tgisinternal AND t.tgenabled <> 'O' AND ${userSchemas}`,
  },
  {
    what: 'tables of extensions',
    why: 'their extension does not declare their rows to be yours, so they are what CREATE EXTENSION makes of them',
    names: relations(
      `c.relkind = 'r' AND ${isExtensionMember('c')} AND NOT ${isExtensionConfiguration('c')} AND c.relpersistence <> 't'
      AND pg_catalog.pg_relation_size(c.oid) > 0`,
    ),
  },
  {
    what: 'rows of extensions',
    why: 'only rows that meet the condition are yours; the others are what CREATE EXTENSION makes of them',
    names: relations(
      `pg_catalog.pg_relation_size(c.oid) > 0 AND c.oid = e.config AND e.condition <> ''`,
      `pg_catalog.format('%s.%s (%s)', n.nspname, c.relname, e.condition)`,
    ).replace(
      'WHERE',
      `CROSS JOIN (SELECT unnest(extconfig) AS config, unnest(extcondition) AS condition FROM pg_catalog.pg_extension) e WHERE c.relkind = 'r' AND`,
    ),
  },
  {
    what: 'versions of collations',
    why: 'the library that sorts has another version than when they were made; indexes are made anew under the present one',
    names: `SELECT ${identity('pg_collation', 'o.oid')} FROM pg_catalog.pg_collation o JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace
      WHERE o.collversion IS NOT NULL AND ${userSchemas} AND o.collversion IS DISTINCT FROM pg_catalog.pg_collation_actual_version(o.oid)`,
  },
]
