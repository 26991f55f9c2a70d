import type { Closure } from './closure.ts'
import { quoteName } from './connection.ts'
import type { GraphTable } from './reference-graph.ts'

/** A row of `table`, for which `alias` stands. */
export interface AskedRow {
  readonly table: GraphTable
  readonly alias: string
}

/** In SQL: that a closure found the row, or that it is part of the entity. */
export function isFound(closure: Closure, { table, alias }: AskedRow, as: 'own' | 'any'): string {
  const place = closure.placeOf(table)
  if (place === undefined) return 'false'
  const isSame = table.key?.map(({ name, equal }, index) => `found.k${index} OPERATOR(${equal}) ${alias}.${quoteName(name)}`) ?? [
    `found.k0 OPERATOR(pg_catalog.=) ${alias}.tableoid`,
    `found.k1 OPERATOR(pg_catalog.=) ${alias}.ctid`,
  ]
  return `EXISTS (SELECT FROM ${place} AS found WHERE ${[...(as === 'own' ? ['found.own'] : []), ...isSame].join(' AND ')})`
}
