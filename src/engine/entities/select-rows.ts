import { Fault } from '#base/fault.ts'
import type { Selection } from '#base/selection.ts'
import type { SystemSettings } from '#base/settings.ts'
import type { SelectedHere, SelectionOrder } from '#engine/backup/selection-order.ts'
import { findAsked, type Asked, type Closure, type Way } from '#engine/sources/postgres/closure.ts'
import { quoteLiteral, quoteName, type Connection } from '#engine/sources/postgres/connection.ts'
import { isFound } from '#engine/sources/postgres/found-rows.ts'
import type { GraphTable } from '#engine/sources/postgres/reference-graph.ts'
import { partitionRoots, type SelectedRows } from '#engine/sources/postgres/selected-rows.ts'
import { discover } from './discover.ts'
import { filesOfEntity } from './entity-files.ts'
import { noModel, waysOf, type EntityModel } from './entity-model.ts'
import { printTable } from './ownership.ts'

/** What a backup is given to find a selection by. */
export function selectionOrder(wanted: Selection, settings: SystemSettings): SelectionOrder {
  return { wanted, asks: asksOf(wanted), find: (connection, source) => selectRows(connection, { selection: wanted, settings, source }) }
}

function asksOf({ entities, tables, dataTypes }: Selection): string[] {
  return [
    ...new Set(entities.map(({ kind }) => `kind ${kind}`)),
    ...tables.map((table) => `table ${table.schema}.${table.table}`),
    ...dataTypes.map((name) => `data type ${name}`),
  ]
}

interface Asking {
  readonly selection: Selection
  readonly settings: SystemSettings
  /** The name of the database in the system. */
  readonly source: string
}

/** The rows, what has to exist for them by every foreign key, and which files are theirs. */
async function selectRows(connection: Connection, { selection, settings, source }: Asking): Promise<SelectedHere> {
  const { model, warnings } = await discover(connection, settings.entities ?? noModel, source)
  const known = new Set<string>()
  const roots = selection.entities.flatMap(({ kind, key }) => {
    const found = model.kinds.find(({ name }) => name === kind)
    if (!found) return []
    known.add(`kind ${kind}`)
    return [{ table: found.table, column: found.key, value: key }]
  })
  const tables = tablesOf(model, { selection, settings, source }, known)
  const ranges = rangesOf(model, { selection, settings, source })
  const closure = await findAsked(connection, { roots, tables, ranges }, waysOfSelection(model))
  const files = await filesOfEntity(connection, closure, { model, fileReferences: settings.fileReferences, source })
  return {
    rows: rowsOf(closure, model, await partitionRoots(connection)),
    files,
    counts: closure.counts.map(({ table, own, needed }) => ({ table: printTable(table), own, needed })),
    known,
    hasTimes: ranges.some(({ table }) => roots.length > 0 || tables.includes(table)),
    notCovered: roots.length === 0 ? [] : warnings.filter(({ kind }) => kind === 'polymorphic').map(({ table }) => table),
  }
}

/** What is selected has to stand alone: no setting leaves out a row that a foreign key needs. */
function waysOfSelection(model: EntityModel): Way[] {
  return waysOf(model).map((way, index) => ({ ...way, isNeeded: way.isNeeded || model.edges[index]!.kind === 'foreign-key' }))
}

function tablesOf(model: EntityModel, { selection, settings, source }: Asking, known: Set<string>): GraphTable[] {
  const { entities, tables, dataTypes } = selection
  // A range alone is of everything.
  if (entities.length + tables.length + dataTypes.length === 0) return [...model.tables]
  const chosen = new Set<GraphTable>()
  const choose = (ask: string, named: { readonly schema: string; readonly table: string }) => {
    const found = tableNamed(model, named)
    if (!found) return
    known.add(ask)
    chosen.add(found)
  }
  for (const table of tables) choose(`table ${table.schema}.${table.table}`, table)
  for (const name of dataTypes)
    for (const table of settings.dataTypes?.[name] ?? []) if (isHere(table, source)) choose(`data type ${name}`, table)
  return [...chosen]
}

function rangesOf(model: EntityModel, { selection: { since, until }, settings, source }: Asking): Asked['ranges'] {
  if (since === undefined && until === undefined) return []
  return (settings.timeColumns ?? []).flatMap((one) => {
    if (!isHere(one, source)) return []
    const table = tableNamed(model, one)
    if (!table && one.database === undefined) return []
    const type = table?.columns.find(({ name }) => name === one.column)?.type
    if (!table || type === undefined)
      throw timeFault(`there is no ${table ? 'column' : 'table'} ${one.schema}.${one.table}${table ? `.${one.column}` : ''}`)
    if (!/^(date|timestamp)\b/.test(type)) throw timeFault(`${one.schema}.${one.table}.${one.column} is no date and no time`)
    return [{ table, condition: withinOf(one.column, { since, until }) }]
  })
}

/** A date or a time without a zone is taken for one in UTC, which is the zone of the session. */
function withinOf(column: string, { since, until }: Pick<Selection, 'since' | 'until'>): string {
  const at = (operator: string, instant: string) =>
    `source.${quoteName(column)}::pg_catalog.timestamptz OPERATOR(pg_catalog.${operator}) ${quoteLiteral(instant)}::pg_catalog.timestamptz`
  return [...(since === undefined ? [] : [at('>=', since)]), ...(until === undefined ? [] : [at('<', until)])].join(' AND ')
}

function timeFault(fact: string): Fault {
  return new Fault('ENTITY_MODEL', `timeColumns: ${fact}`, { field: 'timeColumns' })
}

function tableNamed({ tables }: EntityModel, named: { readonly schema: string; readonly table: string }): GraphTable | undefined {
  return tables.find(({ schema, name }) => schema === named.schema && name === named.table)
}

function isHere({ database }: { readonly database?: string | undefined }, source: string): boolean {
  return database === undefined || database === source
}

function rowsOf(closure: Closure, { tables }: EntityModel, roots: ReadonlyMap<number, number>): SelectedRows {
  const byOid = new Map(tables.map((table) => [table.oid, table]))
  return {
    condition: ({ oid }, alias) => {
      const table = byOid.get(roots.get(oid) ?? oid)
      return table ? isFound(closure, { table, alias }, 'any') : 'false'
    },
  }
}
