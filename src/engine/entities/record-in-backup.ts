import type { Cell } from '#engine/sources/postgres/copy-cells.ts'
import { joinCells } from '#engine/sources/postgres/copy-search.ts'
import type { ReadableBackup } from './history-backups.ts'
import { valueOfParent, type FoundRows } from './record-search.ts'
import type { RecordShape, Relation, TableId } from './record-shape.ts'

/** One row of a record as one backup has it. */
export interface RowVersion {
  readonly columns: readonly string[]
  /** Among the lines that were found: equal numbers are equal rows. */
  readonly line: number
}

export interface RecordInBackup {
  /** Of each table that the record may have rows in; undefined where the backup cannot say. */
  readonly tables: ReadonlyMap<TableId, readonly RowVersion[] | undefined>
}

/** The rows that belong to the record by the references and the rows of this backup alone. */
export function recordInBackup({ shape, segments }: ReadableBackup, key: Cell, found: FoundRows): RecordInBackup {
  const unknown = unknownTables(shape, segments)
  const closure = new BackupClosure(shape, found)
  for (const [table, ofTable] of segments) for (const segment of ofTable ?? []) closure.add(table, segment)
  const own = closure.from(key)
  return { tables: new Map([...shape.tables.keys()].map((table) => [table, unknown.has(table) ? undefined : (own.get(table) ?? [])])) }
}

/** Without the rows that lead to them, the rows of a table are not known either. */
function unknownTables({ relations }: RecordShape, segments: ReadableBackup['segments']): Set<TableId> {
  const unknown = new Set([...segments].filter(([, ofTable]) => ofTable === undefined).map(([table]) => table))
  for (const table of unknown) for (const { parent, child } of relations) if (parent === table) unknown.add(child)
  return unknown
}

interface Candidate extends RowVersion {
  readonly table: TableId
  readonly cells: readonly Cell[]
}

class BackupClosure {
  readonly #shape: RecordShape
  readonly #found: FoundRows
  readonly #candidates: Candidate[] = []

  constructor(shape: RecordShape, found: FoundRows) {
    this.#shape = shape
    this.#found = found
  }

  add(table: TableId, segment: Parameters<FoundRows['of']>[0]): void {
    const { columns } = segment
    for (const line of this.#found.of(segment).values())
      this.#candidates.push({ table, columns, line, cells: this.#found.lines[line]!.split('\t') })
  }

  from(key: Cell): Map<TableId, RowVersion[]> {
    const { root, keyColumn, relations } = this.#shape
    const ways = relations.map((relation) => ({ relation, children: this.#byValue(relation) }))
    const roots = this.#candidates.filter(({ table, columns, cells }) => table === root && cells[columns.indexOf(keyColumn)] === key)
    const own = new Set<Candidate>(roots)
    // A set is walked in the order of its growth: what is added meanwhile has its turn.
    for (const row of own) {
      for (const { relation, children } of ways) {
        if (relation.parent !== row.table) continue
        const value = valueOfParent(relation, row.columns, row.cells)
        for (const child of (value !== undefined && children.get(value)) || []) own.add(child)
      }
    }
    return Map.groupBy(own, ({ table }) => table)
  }

  #byValue({ child, columns }: Relation): Map<string, Candidate[]> {
    const children = new Map<string, Candidate[]>()
    for (const candidate of this.#candidates) {
      if (candidate.table !== child) continue
      const value = joinCells(columns.map((column) => candidate.cells[candidate.columns.indexOf(column)]))
      if (value === undefined) continue
      const same = children.get(value)
      if (same) same.push(candidate)
      else children.set(value, [candidate])
    }
    return children
  }
}
