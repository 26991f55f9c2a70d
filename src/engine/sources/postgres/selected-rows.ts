import { MiB } from '#base/units.ts'
import type { CapturedCatalog } from './captured-catalog.ts'
import type { Connection } from './connection.ts'

/** What of a database a capture takes. */
export interface SelectedRows {
  /** In SQL: that it takes the row of a table, which may be one partition, for which `alias` stands. */
  condition(table: { readonly oid: number }, alias: string): string
}

/**
 * Looks for the rows in the capture's own snapshot. The session may write temporary tables, which last as long as the capture reads
 * rows through it.
 */
export type SelectRows = (connection: Connection) => Promise<SelectedRows>

/** The root of the partitions that each leaf belongs to, by OID. */
export async function partitionRoots(connection: Connection): Promise<Map<number, number>> {
  const rows = await connection.query<{ leaf: number; root: number }>(
    `SELECT c.oid AS leaf, pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid AS root FROM pg_catalog.pg_class c
     WHERE c.relispartition AND c.relkind IN ('r', 'p')`,
  )
  return new Map(rows.map(({ leaf, root }) => [leaf, root]))
}

/**
 * What is kept of a database beside rows when only some of them are taken: no large objects, since nothing says whose they are, and no rows of
 * materialized views, which the server makes from what it finds. Said, never silent.
 */
export function withoutOthers(catalog: CapturedCatalog): CapturedCatalog {
  const names = (found: readonly { readonly schema: string; readonly name: string }[]) =>
    found.map(({ schema, name }) => `${schema}.${name}`).join(', ')
  const { largeObjects, views, extensionTables } = catalog
  return {
    ...catalog,
    views: [],
    largeObjects: { count: 0, bytes: 0 },
    exactness: [
      {
        what: 'rows that were not selected',
        why: 'this backup holds what its selection names and what has to exist for it; manifest.json says what',
      },
      ...(largeObjects.count > 0
        ? [
            {
              what: `large objects: ${largeObjects.count}`,
              why: 'no reference says whose they are, so none is in a backup of a selection; rows keep their numbers',
            },
          ]
        : []),
      ...(views.length > 0 ? [{ what: `materialized views: ${names(views)}`, why: 'made anew of the rows that were selected' }] : []),
      ...(extensionTables.length > 0
        ? [{ what: `configuration of extensions: ${names(extensionTables)}`, why: 'taken whole, whatever was selected' }]
        : []),
      ...catalog.exactness,
    ],
  }
}

const emptyDatabaseBytes = 32 * MiB

/** What a staging of these rows takes, about: the catalog, and the rows with their indexes. */
export function sizeOfRows(copyBytes: number, databaseBytes: number): number {
  return Math.min(databaseBytes, emptyDatabaseBytes + 4 * copyBytes)
}
