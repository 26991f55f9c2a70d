import type { BegunCapture } from './begun-capture.ts'
import type { DatabaseSection } from './database-section.ts'
import { noRows, addRowsHash } from './row-hash.ts'
import type { RowReadings } from './row-readings.ts'
import { copiedColumns, segmentsOf, selectedSegment, tablePath, type Segment } from './segments.ts'
import { sizeOfRows } from './selected-rows.ts'
import type { ListedColumn, ListedTable } from './list-tables.ts'

export type RowSections = Pick<DatabaseSection, 'tables' | 'extensionTables' | 'materializedViews' | 'largeObjects'>

/** The parts of the section that say what rows there are. Only once all rows were read. */
export function rowSections(begun: BegunCapture, rows: RowReadings, sizeBytesOf: (path: string) => number): RowSections {
  const { catalog } = begun
  const tables = catalog.tables.map((table) => {
    const segments = segmentsIn(begun, table)
    const generated = rows.generatedOf(table)
    return {
      schema: table.schema,
      table: table.name,
      path: tablePath(table),
      segments: segments.length,
      columns: copiedColumns(table).map(nameAndType),
      copyBytes: segments.reduce((sum, segment) => sum + sizeBytesOf(segment.path), 0),
      hash: rows.rowsOf(table),
      ...(generated && { generated: { columns: table.columns.filter((column) => column.isGenerated).map(nameAndType), hash: generated } }),
      ...(table.loadVia && { loadVia: table.loadVia }),
      isUnlogged: table.isUnlogged,
    }
  })
  const extensionTables = catalog.extensionTables.map((table) => ({
    schema: table.schema,
    name: table.name,
    columns: copiedColumns(table).map(nameAndType),
    ...(table.extensionCondition && { condition: table.extensionCondition }),
    hash: rows.rowsOf(table),
  }))
  const materializedViews = (catalog.isMasked ? [] : catalog.views).flatMap((view) => {
    const hash = rows.viewOf(view)
    if (!hash) return []
    return [{ schema: view.schema, name: view.name, columns: view.columns.map(nameAndType), isPopulated: view.isPopulated, hash }]
  })
  return { tables, extensionTables, materializedViews, largeObjects: { ...catalog.largeObjects, hash: rows.largeObjects } }
}

export function segmentsIn(
  { selected, server, bounds }: Pick<BegunCapture, 'selected' | 'server' | 'bounds'>,
  table: ListedTable,
): Segment[] {
  return selected ? [selectedSegment(table, selected)] : segmentsOf(table, server.number, bounds.segmentPages)
}

export function capturedSection(begun: BegunCapture, rows: RowReadings, known: RowSections & { segmentsSha256: string }): DatabaseSection {
  const { source, catalog, server, settings, snapshot, tools, hashKey } = begun
  const total = known.tables.reduce((sum, table) => addRowsHash(sum, table.hash), noRows)
  const copyBytes = known.tables.reduce((sum, table) => sum + table.copyBytes, 0)
  const refreshed = rows.refreshedViews.map((view) => `${view.schema}.${view.name}`)
  return {
    name: source.name,
    source: source.target,
    oid: catalog.oid,
    systemIdentifier: catalog.systemIdentifier,
    serverVersion: server,
    clientVersion: tools.version,
    instant: snapshot.instant.toISOString(),
    lsn: snapshot.lsn,
    sessionSettings: { id: settings.id, values: { ...settings.values } },
    properties: catalog.properties,
    hashKey: Buffer.from(hashKey).toString('hex'),
    ...known,
    sequences: catalog.sequences,
    extensions: catalog.extensions,
    roles: catalog.roles.map((role) => role.name),
    tablespaces: [...catalog.tablespaces],
    sizeBytes: begun.selected ? sizeOfRows(copyBytes, catalog.sizeBytes) : catalog.sizeBytes,
    rows: total.rows,
    copyBytes,
    exactness: [
      ...catalog.exactness,
      ...(refreshed.length === 0
        ? []
        : [{ what: `materialized views: ${refreshed.join(', ')}`, why: 'refreshed while the backup ran, so their rows are not compared' }]),
    ],
  }
}

function nameAndType({ name, type }: ListedColumn): { name: string; type: string } {
  return { name, type }
}
