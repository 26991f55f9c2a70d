import { Fault } from '#base/fault.ts'
import type { GraphTable } from '#engine/sources/postgres/reference-graph.ts'
import type { ChangePolicy } from './change-set.ts'
import { printTable } from './ownership.ts'

/**
 * A choice that means nothing is refused, and none is passed over: each names a table and columns that the database has, a key as wide as
 * the table's, and is made once. ENTITY_CHOICE, which names no key.
 */
export function assertChoices({ tables, rows }: Pick<ChangePolicy, 'tables' | 'rows'>, known: readonly GraphTable[]): void {
  const byName = new Map(known.map((table) => [printTable(table), table]))
  const tableOf = ({ schema, table }: { readonly schema: string; readonly table: string }): GraphTable => {
    const found = byName.get(`${schema}.${table}`)
    if (!found) throw new Fault('ENTITY_CHOICE', `a choice names the table ${schema}.${table}, which the database has not`)
    return found
  }
  assertOnce(
    tables.map(({ schema, table }) => `${schema}.${table}`),
    (name) => `more than one choice is made for the table ${name}`,
  )
  for (const choice of tables) {
    const found = tableOf(choice)
    if (typeof choice.changed !== 'object') continue
    const missing = choice.changed.columns.find((name) => !found.columns.some((column) => column.name === name))
    if (missing !== undefined)
      throw new Fault('ENTITY_CHOICE', `a choice names the column ${missing} of ${printTable(found)}, which has none`)
  }
  for (const choice of rows) {
    const found = tableOf(choice)
    if (choice.key.length !== (found.key?.length ?? 0))
      throw new Fault(
        'ENTITY_CHOICE',
        `the key of a row of ${printTable(found)} has ${found.key?.length ?? 0} columns, and a choice names ${choice.key.length}`,
      )
  }
  assertOnce(
    rows.map(({ schema, table, key }) => JSON.stringify([`${schema}.${table}`, key])),
    () => 'more than one choice is made for the same row',
  )
}

function assertOnce(names: readonly string[], fact: (name: string) => string): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw new Fault('ENTITY_CHOICE', fact(name))
    seen.add(name)
  }
}
