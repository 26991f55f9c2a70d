import { catalogSql, extensionsSql } from './catalog-sql.ts'
import { checksSql, type ChecksSql } from './checks-sql.ts'
import type { Connection } from './connection.ts'
import type { DatabaseSection } from './database-section.ts'
import { databaseProperties, type DatabaseProperties } from './database-properties.ts'
import { exactnessOf } from './exactness.ts'
import { foreignKeysSql } from './foreign-keys-sql.ts'
import { usedRoles, type UsedRole } from './globals-sql.ts'
import { countLargeObjects, listMaterializedViews, readSequences, type ListedView } from './list-objects.ts'
import { listTables, type ListedTable } from './list-tables.ts'
import { readStoredGraph, type StoredGraph } from './stored-graph.ts'

/** Everything but rows that a backup says about a database, read in the control session's snapshot. */
export interface CapturedCatalog {
  readonly oid: number
  readonly systemIdentifier: string
  readonly sizeBytes: number
  readonly properties: DatabaseProperties
  readonly tables: readonly ListedTable[]
  readonly extensionTables: readonly ListedTable[]
  readonly views: readonly ListedView[]
  readonly sequences: DatabaseSection['sequences']
  readonly largeObjects: { readonly count: number; readonly bytes: number }
  readonly extensions: DatabaseSection['extensions']
  readonly roles: readonly UsedRole[]
  readonly tablespaces: readonly string[]
  readonly checks: ChecksSql
  readonly catalogSql: string
  readonly extensionsSql: string
  readonly foreignKeysSql: string
  readonly graph: StoredGraph
  readonly exactness: DatabaseSection['exactness']
  /** What computes from rows does so from others than these. */
  readonly isMasked?: true
}

export async function readCatalog(control: Connection): Promise<CapturedCatalog> {
  const identity = await readIdentity(control)
  const tables = await listTables(control)
  return {
    ...identity,
    properties: await databaseProperties(control, control.target.database),
    tables: tables.filter((table) => table.extensionCondition === undefined),
    extensionTables: tables.filter((table) => table.extensionCondition !== undefined),
    views: await listMaterializedViews(control),
    sequences: await readSequences(control),
    largeObjects: await countLargeObjects(control),
    extensions: await readExtensions(control),
    roles: await usedRoles(control),
    tablespaces: await readTablespaces(control),
    checks: await checksSql(control),
    catalogSql: await catalogSql(control),
    extensionsSql: await extensionsSql(control),
    foreignKeysSql: await foreignKeysSql(control),
    graph: await readStoredGraph(control),
    exactness: await exactnessOf(control),
  }
}

async function readIdentity(control: Connection): Promise<Pick<CapturedCatalog, 'oid' | 'systemIdentifier' | 'sizeBytes'>> {
  const [row] = await control.query<{ oid: number; systemIdentifier: string; sizeBytes: string }>(
    `SELECT oid, (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS "systemIdentifier",
            pg_catalog.pg_database_size(oid)::text AS "sizeBytes"
     FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`,
  )
  if (!row) throw new Error('the database does not know itself')
  return { ...row, sizeBytes: Number(row.sizeBytes) }
}

async function readExtensions(control: Connection): Promise<DatabaseSection['extensions']> {
  return await control.query<DatabaseSection['extensions'][number]>(
    `SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema, pg_catalog.pg_get_userbyid(e.extowner) AS owner
     FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace ORDER BY e.extname COLLATE "C"`,
  )
}

/** Those in which something of this database lies, the database's own among them. */
async function readTablespaces(control: Connection): Promise<string[]> {
  const rows = await control.query<{ name: string }>(
    `SELECT spcname AS name FROM pg_catalog.pg_tablespace t
     WHERE t.oid IN (SELECT reltablespace FROM pg_catalog.pg_class WHERE oid >= 16384)
        OR t.oid = (SELECT dattablespace FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
     ORDER BY spcname COLLATE "C"`,
  )
  return rows.map((row) => row.name)
}
