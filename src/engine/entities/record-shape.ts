import type { EntityModelSettings } from '#base/settings.ts'
import { cellOf, type Cell } from '#engine/sources/postgres/copy-cells.ts'
import { tablePath } from '#engine/sources/postgres/segments.ts'
import type { StoredGraph } from '#engine/sources/postgres/stored-graph.ts'
import { entityModelOf, type EntityKind, type ModelEdge } from './entity-model.ts'

/** A table by the folder of its rows in a backup: `data/<schema>/<table>`, which is another one for each name. */
export type TableId = string

export interface ShapeTable {
  readonly id: TableId
  readonly schema: string
  readonly name: string
  /** Columns of its key; undefined where it has none. */
  readonly key: readonly string[] | undefined
  /** Tables that its rows lie in: itself, or its partitions. */
  readonly parts: readonly { readonly schema: string; readonly name: string }[]
}

/** Rows of `child` whose columns are those of a row of `parent` belong to it. */
export interface Relation {
  readonly child: TableId
  readonly columns: readonly string[]
  readonly parent: TableId
  readonly parentColumns: readonly string[]
  /** What the first of `columns` says of rows that name this parent, where it names several. */
  readonly type: Cell | undefined
}

/** Which rows are a record of one kind, by the schema of one backup: those of the root with a key, and what they own. */
export interface RecordShape {
  readonly root: TableId
  readonly keyColumn: string
  /** Every table that rows of the record can lie in, the root first. */
  readonly tables: ReadonlyMap<TableId, ShapeTable>
  readonly relations: readonly Relation[]
}

export interface ShapeOrder {
  readonly kind: string
  readonly settings: EntityModelSettings
  /** The name of the database in its system. */
  readonly source: string
}

/** Undefined where this schema has no such kind. What the settings name and this schema lacks is left out: it came later, or went. */
export function recordShape(graph: StoredGraph, { kind, settings, source }: ShapeOrder): RecordShape | undefined {
  const fitted = fitting(settings, graph)
  // A kind that the settings place elsewhere is not what this schema would propose under its name.
  if (kind in settings.kinds && !(kind in fitted.kinds)) return undefined
  const model = entityModelOf(graph, fitted, source)
  const found = model.kinds.find(({ name }) => name === kind)
  return found && shapeFrom(found, model.edges, graph)
}

/** The kinds that a schema has, by name. */
export function kindsIn(graph: StoredGraph, { settings, source }: Omit<ShapeOrder, 'kind'>): string[] {
  return entityModelOf(graph, fitting(settings, graph), source).kinds.map(({ name }) => name)
}

function shapeFrom(kind: EntityKind, edges: readonly ModelEdge[], graph: StoredGraph): RecordShape {
  const owning = edges.filter(({ ownership }) => ownership === 'own')
  const tables = new Map([[tablePath(kind.table), kind.table]])
  for (const [id] of tables) for (const { parent, child } of owning) if (tablePath(parent) === id) tables.set(tablePath(child), child)
  const partsOf = (oid: number) => graph.partitions.filter(({ root }) => root === oid)
  return {
    root: tablePath(kind.table),
    keyColumn: kind.key,
    tables: new Map(
      [...tables].map(([id, { oid, schema, name, key }]) => {
        const parts = graph.partitions.some(({ root }) => root === oid) ? partsOf(oid) : [{ schema, name }]
        return [id, { id, schema, name, key: key?.map((column) => column.name), parts }]
      }),
    ),
    relations: owning
      .filter(({ parent }) => tables.has(tablePath(parent)))
      .map(({ child, columns, parent, parentColumns, type }) => ({
        child: tablePath(child),
        columns,
        parent: tablePath(parent),
        parentColumns,
        type: type === undefined ? undefined : cellOf(type),
      })),
  }
}

/** The part of the settings that speaks of what is there. */
function fitting(settings: EntityModelSettings, { tables, references }: StoredGraph): EntityModelSettings {
  const isKey = ({ schema, table, columns }: EntityModelSettings['references'][number]) => {
    const child = tables.find((one) => one.schema === schema && one.name === table)
    return references.some((one) => one.child === child?.oid && one.columns.join('\u0000') === columns.join('\u0000'))
  }
  const has = (schema: string, table: string, columns: readonly string[]) =>
    tables.some(
      (one) => one.schema === schema && one.name === table && columns.every((column) => one.columns.some(({ name }) => name === column)),
    )
  return {
    kinds: Object.fromEntries(Object.entries(settings.kinds).filter(([, { schema, table, key }]) => has(schema, table, [key]))),
    references: settings.references.filter(isKey),
    virtual: settings.virtual.filter((one) => has(one.schema, one.table, one.columns) && has(one.ofSchema, one.ofTable, one.ofColumns)),
    polymorphic: settings.polymorphic
      .filter(({ schema, table, typeColumn, idColumn }) => has(schema, table, [typeColumn, idColumn]))
      .map((one) => ({
        ...one,
        targets: Object.fromEntries(Object.entries(one.targets).filter(([, target]) => has(target.schema, target.table, [target.column]))),
      })),
    files: [],
  }
}
