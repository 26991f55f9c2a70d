import { isRow, type Closure } from './closure.ts'
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
  return `EXISTS (SELECT FROM ${place} AS found WHERE ${as === 'own' ? 'found.own AND ' : ''}${isRow(table, 'found', alias)})`
}
