import { strict as assert } from 'node:assert'
import { Fault } from '#base/fault.ts'
import { columnsOfPattern, parseFilePattern, type FilePatternPart } from '#base/file-pattern.ts'
import type { EntityModelSettings, Ownership } from '#base/settings.ts'
import { conditionOf, declaredCondition, polymorphicCondition, type Way } from '#engine/sources/postgres/closure.ts'
import type { GraphTable, ReferenceGraph } from '#engine/sources/postgres/reference-graph.ts'
import { proposeOwnership, printTable } from './ownership.ts'

export interface EntityKind {
  readonly name: string
  readonly table: GraphTable
  /** The column that people know one by. */
  readonly key: string
  readonly isProposed: boolean
}

/** One way between two tables, with what it means and why. */
export interface ModelEdge {
  readonly kind: 'foreign-key' | 'virtual' | 'polymorphic'
  readonly child: GraphTable
  readonly parent: GraphTable
  readonly columns: readonly string[]
  /** What they name; of a polymorphic edge the one that the last of `columns` names. */
  readonly parentColumns: readonly string[]
  /** Of a polymorphic edge: what the first of `columns` says where the row names this parent. */
  readonly type?: string
  readonly ownership: Ownership
  readonly because: string
  readonly condition: string
  readonly isIndexed: boolean
}

export interface EntityModel {
  readonly kinds: readonly EntityKind[]
  readonly edges: readonly ModelEdge[]
  readonly files: readonly ModelFiles[]
  /** All that the database has. */
  readonly tables: readonly GraphTable[]
}

/** Files of a row by the values of its columns. */
export interface ModelFiles {
  readonly table: GraphTable
  readonly root: string
  readonly pattern: string
  readonly parts: readonly FilePatternPart[]
}

export const noModel: EntityModelSettings = { kinds: {}, references: [], virtual: [], polymorphic: [], files: [] }

/**
 * What the settings say of one database, and the proposal for what they leave open. `source` is the name of that database in the
 * system. Fault: ENTITY_MODEL when a table or column that the settings name is not there.
 */
export function entityModelOf(graph: ReferenceGraph, settings: EntityModelSettings, source?: string): EntityModel {
  const isHere = ({ database }: { readonly database?: string | undefined }) =>
    database === undefined || source === undefined || database === source
  const find = finderOf(graph)
  const stated = Object.entries(settings.kinds).filter(([, kind]) => isHere(kind))
  return {
    kinds: [
      ...stated.map(([name, kind]) => ({ name, table: find(kind, [kind.key], `kinds.${name}`), key: kind.key, isProposed: false })),
      ...proposedKinds(graph).filter(({ name }) => !(name in settings.kinds)),
    ],
    edges: [
      ...foreignKeys(graph, settings.references.filter(isHere), find),
      ...settings.virtual.filter(isHere).map((one) => virtualEdge(one, find)),
      ...settings.polymorphic.filter(isHere).flatMap((one) => polymorphicEdges(one, find)),
    ],
    files: settings.files.filter(isHere).map((one) => filesOf(one, find)),
    tables: graph.tables,
  }
}

/** As a closure follows them. */
export function waysOf({ edges }: EntityModel): Way[] {
  return edges.map(({ child, parent, columns, condition, ownership }) => ({
    child,
    parent,
    condition,
    childColumns: columns,
    isOwning: ownership === 'own',
    isNeeded: ownership !== 'ignore',
  }))
}

/** Names under which clinical systems know what people ask back. */
const usualKinds = [
  { name: 'patient', pattern: /^(patient|subject|participant|person)s?$/i },
  { name: 'study', pattern: /^(study|studies|trial|trials)$/i },
  { name: 'organization', pattern: /^(organi[sz]ation|tenant|hospital|institution)s?$/i },
  { name: 'customer', pattern: /^customers?$/i },
] as const

function proposedKinds({ tables }: ReferenceGraph): EntityKind[] {
  return usualKinds.flatMap(({ name, pattern }) => {
    const table = tables.find((one) => pattern.test(one.name) && one.uniqueColumns.length > 0)
    if (!table) return []
    // People know a record by a code rather than by the number that the database gave it.
    const isText = (column: string) => /^(text|character|citext|"?\w+"?\.)/.test(table.columns.find((one) => one.name === column)!.type)
    return [{ name, table, key: (table.uniqueColumns.find(({ name }) => isText(name)) ?? table.uniqueColumns[0]!).name, isProposed: true }]
  })
}

type Finder = (named: { readonly schema: string; readonly table: string }, columns: readonly string[], place: string) => GraphTable

function finderOf({ tables }: ReferenceGraph): Finder {
  return ({ schema, table }, columns, place) => {
    const found = tables.find((one) => one.schema === schema && one.name === table)
    if (!found) throw modelFault(place, `there is no table ${schema}.${table}`)
    const missing = columns.find((column) => !found.columns.some(({ name }) => name === column))
    if (missing !== undefined) throw modelFault(place, `the table ${schema}.${table} has no column ${missing}`)
    return found
  }
}

function modelFault(place: string, fact: string): Fault {
  return new Fault('ENTITY_MODEL', `entities.${place}: ${fact}`, { field: `entities.${place}` })
}

function foreignKeys(graph: ReferenceGraph, stated: EntityModelSettings['references'], find: Finder): ModelEdge[] {
  const byOid = new Map(graph.tables.map((table) => [table.oid, table]))
  const edges = proposeOwnership(graph).map(({ reference, ownership, because }): ModelEdge => {
    const { columns, parentColumns, isIndexed } = reference
    const [child, parent] = [byOid.get(reference.child)!, byOid.get(reference.parent)!]
    const condition = conditionOf(reference)
    return { kind: 'foreign-key', child, parent, columns, parentColumns, ownership, because, condition, isIndexed }
  })
  for (const one of stated) {
    const table = find(one, one.columns, 'references')
    const at = edges.findIndex(({ child, columns }) => child.oid === table.oid && isSame(columns, one.columns))
    if (at === -1) throw modelFault('references', `no foreign key of ${printTable(table)} stands on (${one.columns.join(', ')})`)
    edges[at] = { ...edges[at]!, ownership: one.ownership, because: 'the settings say so' }
  }
  return edges
}

function filesOf(one: EntityModelSettings['files'][number], find: Finder): ModelFiles {
  const { root, pattern } = one
  const parts = parseFilePattern(pattern)
  assert(parts, 'the settings take no other pattern')
  return { table: find(one, columnsOfPattern(parts), 'files'), root, pattern, parts }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((column, index) => column === b[index])
}

function virtualEdge(one: EntityModelSettings['virtual'][number], find: Finder): ModelEdge {
  const child = find(one, one.columns, 'virtual')
  const parent = find({ schema: one.ofSchema, table: one.ofTable }, one.ofColumns, 'virtual')
  const condition = declaredCondition(one.columns, one.ofColumns)
  const { columns, ofColumns: parentColumns, ownership } = one
  return { kind: 'virtual', child, parent, columns, parentColumns, ownership, because: 'the settings say so', condition, isIndexed: false }
}

function polymorphicEdges(one: EntityModelSettings['polymorphic'][number], find: Finder): ModelEdge[] {
  const { typeColumn, idColumn, ownership } = one
  const child = find(one, [typeColumn, idColumn], 'polymorphic')
  return Object.entries(one.targets).map(([type, target]) => ({
    kind: 'polymorphic',
    child,
    parent: find(target, [target.column], `polymorphic.targets.${type}`),
    columns: [typeColumn, idColumn],
    parentColumns: [target.column],
    type,
    ownership,
    because: `the settings say so of ${typeColumn} = ${type}`,
    condition: polymorphicCondition({ typeColumn, idColumn, type, column: target.column }),
    isIndexed: false,
  }))
}
