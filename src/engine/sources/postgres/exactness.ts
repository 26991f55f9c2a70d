import type { Connection } from './connection.ts'
import { userSchemas } from './coverage.ts'
import type { DatabaseSection } from './database-section.ts'

/** What a restore will not bring back bit for bit, and why. Only what this database really has is named. */
export async function exactnessOf(connection: Connection): Promise<DatabaseSection['exactness'][number][]> {
  const [row] = await connection.query<Found>(foundSql)
  if (!row) throw new Error('the catalog said nothing')
  const named = (names: string[] | null, what: string, why: string) =>
    names === null ? [] : [{ what: `${what}: ${names.join(', ')}`, why }]
  return [
    { what: 'passwords of roles', why: 'password hashes are not kept; roles that are created cannot log in by password until one is set' },
    {
      what: 'places of rows, object ids, transaction ids, statistics',
      why: 'rows are loaded anew; the database is analyzed after the restore',
    },
    ...(row.hasSequences ? [{ what: 'sequences', why: 'they obey no snapshot: a value may be ahead of the rows, never behind them' }] : []),
    ...named(row.unlogged, 'unlogged tables', 'captured and restored, but the server empties them after a crash'),
    ...named(row.foreign, 'foreign tables', 'their rows are on another server and are not in the backup'),
    ...named(row.views, 'materialized views', 'their rows are made anew by REFRESH, from the rows of the backup'),
    ...named(
      row.unreachable,
      'populated materialized views that read an unpopulated one',
      'they cannot be refreshed and come back unpopulated',
    ),
    ...named(row.reordered, 'order of columns in inherited tables', 'pg_dump puts inherited columns first; rows name their columns'),
    ...named(row.subscriptions, 'subscriptions', 'restored disabled and not connected, so that nothing is fetched twice'),
    ...named(row.invalidIndexes, 'invalid indexes', 'pg_dump leaves them out; no query could use them'),
    ...named(row.slots, 'logical replication slots', 'they belong to the server and cannot be restored'),
    ...named(row.prepared, 'prepared transactions', 'not committed at the instant of the backup, so not in it'),
    ...named(row.editedRelations, 'storage settings of system catalogs', 'PostgreSQL lets nobody set them in normal operation'),
  ]
}

interface Found {
  hasSequences: boolean
  unlogged: string[] | null
  foreign: string[] | null
  views: string[] | null
  unreachable: string[] | null
  reordered: string[] | null
  subscriptions: string[] | null
  invalidIndexes: string[] | null
  slots: string[] | null
  prepared: string[] | null
  editedRelations: string[] | null
}

const relations = (condition: string) => `
  (SELECT pg_catalog.array_agg(format('%s.%s', n.nspname, c.relname) ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C")
   FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ${condition})`

const foundSql = `
  SELECT
    EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND ${userSchemas}) AS "hasSequences",
    ${relations(`c.relkind = 'r' AND c.relpersistence = 'u' AND ${userSchemas}`)} AS unlogged,
    ${relations(`c.relkind = 'f' AND ${userSchemas}`)} AS foreign,
    ${relations(`c.relkind = 'm' AND c.relispopulated AND ${userSchemas}`)} AS views,
    ${relations(`c.relkind = 'm' AND c.relispopulated AND EXISTS (
      SELECT FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
        JOIN pg_catalog.pg_class read ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND read.oid = d.refobjid
      WHERE r.ev_class = c.oid AND read.relkind = 'm' AND NOT read.relispopulated)`)} AS unreachable,
    ${relations(`NOT c.relispartition AND ${userSchemas} AND EXISTS (
      SELECT FROM pg_catalog.pg_attribute inherited JOIN pg_catalog.pg_attribute own ON own.attrelid = inherited.attrelid
      WHERE inherited.attrelid = c.oid AND inherited.attinhcount > 0 AND NOT inherited.attisdropped
        AND own.attinhcount = 0 AND own.attnum > 0 AND NOT own.attisdropped AND own.attnum < inherited.attnum)`)} AS reordered,
    (SELECT pg_catalog.array_agg(subname::text ORDER BY subname) FROM pg_catalog.pg_subscription
      WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())) AS subscriptions,
    ${relations(`EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indexrelid = c.oid AND NOT i.indisvalid) AND c.relkind = 'i' AND ${userSchemas}`)} AS "invalidIndexes",
    (SELECT pg_catalog.array_agg(slot_name::text ORDER BY slot_name) FROM pg_catalog.pg_replication_slots WHERE database = pg_catalog.current_database()) AS slots,
    (SELECT pg_catalog.array_agg(gid ORDER BY gid) FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()) AS prepared,
    ${relations(`c.oid < 16384 AND c.relkind = 'r' AND c.reloptions IS NOT NULL`)} AS "editedRelations"`
