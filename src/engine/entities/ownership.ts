import type { Ownership } from '#base/settings.ts'
import type { GraphReference, GraphTable, ReferenceGraph } from '#engine/sources/postgres/reference-graph.ts'

/**
 * What a foreign key means for whoever takes out one entity. `own`: rows that name an owned row are part of it. `reference`: the
 * named row only has to exist. `ignore`: neither way.
 */
export interface OwnedReference {
  readonly reference: GraphReference
  readonly ownership: Ownership
  /** Why, in words, for the preview. */
  readonly because: string
}

/**
 * The proposal for every foreign key. To follow all of them down would leak: a site is shared by studies, and the rows of one
 * lead to the patients of another. So a required reference owns, unless the database deletes such rows with another one that
 * they name: then that one owns. A reference that may be null owns only where the table has no other to go by, and a table's
 * reference to itself never does. People override it edge by edge, and see it in each preview.
 */
export function proposeOwnership(graph: ReferenceGraph): OwnedReference[] {
  const others = graph.references.filter(({ child, parent }) => child !== parent)
  const required = new Set(others.filter(({ isRequired }) => isRequired).map(({ child }) => child))
  const cascading = new Set(others.filter(isCascade).map(({ child }) => child))
  return graph.references.map((reference) => {
    const { ownership, because } = judge(reference, { required, cascading })
    return { reference, ownership, because: reference.isInherited ? `as in the table that it inherits from: ${because}` : because }
  })
}

const isCascade = ({ isRequired, onDelete }: GraphReference) => isRequired && onDelete === 'cascade'

interface TablesWith {
  readonly required: ReadonlySet<number>
  /** Deleted with a row that they have to name. */
  readonly cascading: ReadonlySet<number>
}

function judge(reference: GraphReference, { required, cascading }: TablesWith): Omit<OwnedReference, 'reference'> {
  const { child, parent, isRequired, onDelete } = reference
  if (child === parent) return { ownership: 'reference', because: 'a row that names another of its own table is no part of it' }
  if (onDelete === 'cascade') return { ownership: 'own', because: 'the database deletes such a row with the one that it names' }
  if (isRequired && cascading.has(child)) return { ownership: 'reference', because: 'such a row is deleted with another one that it names' }
  if (isRequired) return { ownership: 'own', because: 'no such row exists without the one that it names' }
  if (!required.has(child)) return { ownership: 'own', because: 'nothing else says to whom such a row belongs' }
  return { ownership: 'reference', because: 'it may be empty, and another reference of the table says to whom the row belongs' }
}

/** A large table that is searched from end to end for the rows of one entity: nothing breaks, it takes a scan each. */
const unindexedRowsMax = 100_000

/** What should be known of a database before an entity of it is taken out. */
export interface GraphWarning {
  readonly kind: 'no-key' | 'no-index' | 'polymorphic'
  readonly table: string
  readonly fact: string
}

export function warningsOf({ tables, references }: ReferenceGraph): GraphWarning[] {
  const nameOf = new Map(tables.map((table) => [table.oid, printTable(table)]))
  return [
    ...tables.filter(({ key }) => key === undefined).map(withoutKey),
    ...references.flatMap((reference) => {
      const table = tables.find(({ oid }) => oid === reference.child)!
      if (reference.isIndexed || (table.rowsEstimate ?? 0) <= unindexedRowsMax) return []
      const fact = `about ${Math.round(table.rowsEstimate!)} rows, and no index on (${reference.columns.join(', ')}), which names ${nameOf.get(reference.parent)!}`
      return [{ kind: 'no-index' as const, table: printTable(table), fact }]
    }),
    ...tables.flatMap((table) => polymorphicIn(table, references)),
  ]
}

function withoutKey(table: GraphTable): GraphWarning {
  const fact = 'no primary key and no unique key without nulls: its rows are told apart by all that stands in them'
  return { kind: 'no-key', table: printTable(table), fact }
}

/** `entity_type` beside `entity_id`, and no foreign key on it: rows that belong to somebody, and no constraint says to whom. */
function polymorphicIn(table: GraphTable, references: readonly GraphReference[]): GraphWarning[] {
  const names = new Set(table.columns.map(({ name }) => name))
  const declared = new Set(references.filter(({ child }) => child === table.oid).flatMap(({ columns }) => columns))
  return table.columns.flatMap(({ name }) => {
    const stem = /^(.+)_type$/.exec(name)?.[1]
    if (stem === undefined || !names.has(`${stem}_id`) || declared.has(`${stem}_id`)) return []
    const fact = `(${name}, ${stem}_id) may name rows of several tables, and no foreign key says so: it is not covered until settings do`
    return [{ kind: 'polymorphic' as const, table: printTable(table), fact }]
  })
}

export function printTable({ schema, name }: Pick<GraphTable, 'schema' | 'name'>): string {
  return `${schema}.${name}`
}
