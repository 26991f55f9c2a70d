import type { EntityModelSettings } from '#base/settings.ts'
import type { MaskCatalog, MaskableColumn, MaskableTable } from '#engine/sources/postgres/mask-catalog.ts'

export interface ColumnPlace {
  readonly table: MaskableTable
  readonly column: MaskableColumn
}

/** Two columns whose values mean each other: what is done to one has to be done to the other. */
export interface ColumnLink {
  /** A `part` inherits the column; the others hold values of `parent`. */
  readonly kind: 'foreign-key' | 'virtual' | 'polymorphic' | 'part'
  readonly child: ColumnPlace
  readonly parent: ColumnPlace
}

export type FindPlace = (named: { readonly schema: string; readonly table: string }, column: string, field: string) => ColumnPlace

/** As foreign keys, inheritance and the entity model of the settings say. `find` faults where the settings name what is not there. */
export function columnLinks(
  { tables, references }: MaskCatalog,
  entities: Pick<EntityModelSettings, 'virtual' | 'polymorphic'>,
  find: FindPlace,
): ColumnLink[] {
  const byOid = new Map(tables.map((table) => [table.oid, table]))
  const place = (oid: number, name: string): ColumnPlace[] => {
    const table = byOid.get(oid)
    const column = table?.columns.find((one) => one.name === name)
    return table && column ? [{ table, column }] : []
  }
  const linked = (kind: ColumnLink['kind'], child: readonly ColumnPlace[], parent: readonly ColumnPlace[]): ColumnLink[] =>
    child.flatMap((one) => parent.map((other) => ({ kind, child: one, parent: other })))
  return [
    ...references.flatMap(({ child, parent, columns, parentColumns }) =>
      columns.flatMap((column, at) => linked('foreign-key', place(child, column), place(parent, parentColumns[at]!))),
    ),
    ...tables.flatMap((table) =>
      table.parents.flatMap((parent) => table.columns.flatMap((column) => linked('part', [{ table, column }], place(parent, column.name)))),
    ),
    ...entities.virtual.flatMap((one) =>
      one.columns.map((column, at): ColumnLink => {
        const of = { schema: one.ofSchema, table: one.ofTable }
        return { kind: 'virtual', child: find(one, column, 'entities.virtual'), parent: find(of, one.ofColumns[at]!, 'entities.virtual') }
      }),
    ),
    ...entities.polymorphic.flatMap((one) =>
      Object.values(one.targets).map((target): ColumnLink => {
        const child = find(one, one.idColumn, 'entities.polymorphic')
        return { kind: 'polymorphic', child, parent: find(target, target.column, 'entities.polymorphic') }
      }),
    ),
  ]
}

/** Everything that a column is linked with, over any number of links, itself first; `toChildren` goes from parents to children alone. */
export function linkedWith(from: ColumnPlace, links: readonly ColumnLink[], toChildren: boolean): ColumnPlace[] {
  const found = new Map([[keyOf(from), from]])
  const waiting = [from]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const key = keyOf(next)
    for (const { child, parent } of links) {
      const other = keyOf(parent) === key ? child : !toChildren && keyOf(child) === key ? parent : undefined
      if (other === undefined || found.has(keyOf(other))) continue
      found.set(keyOf(other), other)
      waiting.push(other)
    }
  }
  return [...found.values()]
}

export function keyOf({ table, column }: ColumnPlace): string {
  return `${table.oid} ${column.name}`
}

export function printPlace({ table, column }: ColumnPlace): string {
  return `${table.schema}.${table.name}.${column.name}`
}
