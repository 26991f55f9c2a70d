import { Fault, isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { printBytes } from '#base/units.ts'
import type { Repository } from '#engine/repository/repository.ts'
import type { Cell } from '#engine/sources/postgres/copy-cells.ts'
import { joinCells, searchRows, type RowSought } from '#engine/sources/postgres/copy-search.ts'
import type { OnProgress } from '#engine/sources/source.ts'
import type { HistorySegment, ReadableBackup } from './history-backups.ts'
import type { Relation, TableId } from './record-shape.ts'

/** Rows of one segment that a record may have: where they stand in it, and which line of `FoundRows` each is. */
export type SegmentRows = ReadonlyMap<number, number>

/** What was found in all backups: each different line once. */
export interface FoundRows {
  readonly lines: readonly string[]
  of(segment: HistorySegment): SegmentRows
  /** Why a segment could not be read. */
  damageOf(segment: HistorySegment): string | undefined
}

export interface SearchTools {
  readonly repository: Repository
  readonly onProgress: OnProgress
  readonly signal: AbortSignal
}

/**
 * Reads every row that belongs to a record in any of some backups, and maybe more: rows are found by every value that leads to
 * their table in one of the backups. Each different segment is read once; those of tables in a cycle once for each step around.
 * ENTITY_TOO_LARGE when it is more than memory is given to.
 */
export async function searchRecord(backups: readonly ReadableBackup[], key: Cell, tools: SearchTools): Promise<FoundRows> {
  const search = new RecordSearch(backups, tools)
  for (const { shape } of backups) search.seek({ table: shape.root, columns: [shape.keyColumn] }, [key])
  await search.run()
  return search
}

/** One way by which rows of a table are found. */
interface Search {
  readonly table: TableId
  readonly columns: readonly string[]
}

interface Sought extends Search {
  readonly seen: Set<string>
  /** Not looked for yet. */
  fresh: Set<string>
}

/** What a line and its places in tables and sets take, beside its characters. */
const rowOverheadBytes = 100

class RecordSearch implements FoundRows {
  readonly lines: string[] = []
  readonly #tools: SearchTools
  readonly #numbers = new Map<string, number>()
  readonly #segments = new Map<TableId, Set<HistorySegment>>()
  readonly #rows = new Map<HistorySegment, Map<number, number>>()
  readonly #damage = new Map<HistorySegment, string>()
  readonly #sought = new Map<string, Sought>()
  readonly #relations: readonly Relation[]
  readonly #below: ReadonlyMap<TableId, ReadonlySet<TableId>>
  #keptBytes = 0
  #doneBytes = 0

  constructor(backups: readonly ReadableBackup[], tools: SearchTools) {
    this.#tools = tools
    this.#relations = distinct(backups.flatMap(({ shape }) => shape.relations))
    this.#below = reachable(this.#relations)
    for (const { segments } of backups) {
      for (const [table, ofTable] of segments) {
        const all = this.#segments.get(table) ?? new Set()
        for (const segment of ofTable ?? []) all.add(segment)
        this.#segments.set(table, all)
      }
    }
  }

  of(segment: HistorySegment): SegmentRows {
    return this.#rows.get(segment) ?? new Map()
  }

  damageOf(segment: HistorySegment): string | undefined {
    return this.#damage.get(segment)
  }

  seek(search: Search, values: Iterable<string>): void {
    const key = [search.table, ...search.columns].join('\u0000')
    const sought = this.#sought.get(key) ?? { ...search, seen: new Set(), fresh: new Set() }
    this.#sought.set(key, sought)
    for (const value of values) {
      if (sought.seen.has(value)) continue
      this.#keep(value.length + rowOverheadBytes)
      sought.seen.add(value)
      sought.fresh.add(value)
    }
  }

  async run(): Promise<void> {
    for (let table = this.#next(); table !== undefined; table = this.#next()) {
      const sought = [...this.#sought.values()].filter((one) => one.table === table && one.fresh.size > 0)
      const values = sought.map(({ columns, fresh }) => ({ columns, values: fresh }))
      for (const one of sought) one.fresh = new Set()
      for (const segment of this.#segments.get(table) ?? []) await this.#read(table, segment, values)
    }
  }

  /** A table that is to be searched, and not once more because of another one: all that leads to it has been searched before. */
  #next(): TableId | undefined {
    const waiting = new Set([...this.#sought.values()].filter(({ fresh }) => fresh.size > 0).map(({ table }) => table))
    const leadsTo = (from: TableId, to: TableId) => this.#below.get(from)?.has(to) ?? false
    return [...waiting].find((table) => ![...waiting].some((other) => leadsTo(other, table) && !leadsTo(table, other)))
  }

  async #read(table: TableId, segment: HistorySegment, searches: readonly { columns: readonly string[]; values: ReadonlySet<string> }[]) {
    if (this.#damage.has(segment)) return
    const { repository, signal, onProgress } = this.#tools
    const sought = searches.flatMap(({ columns, values }): RowSought[] => {
      const places = columns.map((column) => segment.columns.indexOf(column))
      return places.includes(-1) ? [] : [{ columns: places, values }]
    })
    if (sought.length === 0) return
    const rows = this.#rows.get(segment) ?? new Map<number, number>()
    this.#rows.set(segment, rows)
    try {
      for await (const { at, line } of searchRows(repository.lend(segment.content, signal), sought)) {
        if (rows.has(at)) continue
        rows.set(at, this.#number(line))
        this.#follow(table, segment, line)
      }
    } catch (error) {
      if (!isFault(error) || !error.isDamage) throw error
      this.#damage.set(segment, error.message)
    }
    this.#doneBytes += segment.sizeBytes
    onProgress({ stage: 'reading rows', doneBytes: this.#doneBytes })
  }

  #follow(table: TableId, segment: HistorySegment, line: string): void {
    const cells = line.split('\t')
    for (const relation of this.#relations) {
      if (relation.parent !== table) continue
      const value = valueOfParent(relation, segment.columns, cells)
      if (value !== undefined) this.seek({ table: relation.child, columns: relation.columns }, [value])
    }
  }

  #number(line: string): number {
    const known = this.#numbers.get(line)
    if (known !== undefined) {
      this.#keep(rowOverheadBytes / 2)
      return known
    }
    this.#keep(line.length + rowOverheadBytes)
    this.#numbers.set(line, this.lines.length)
    return this.lines.push(line) - 1
  }

  #keep(bytes: number): void {
    this.#keptBytes += bytes
    if (this.#keptBytes <= limits.historyBytesMax) return
    const fact = `the rows of this record take more than ${printBytes(limits.historyBytesMax)}, as they ever were`
    throw new Fault('ENTITY_TOO_LARGE', fact, { bytes: limits.historyBytesMax })
  }
}

/** What rows of the child have in the relation's columns when they belong to this row; undefined when none does. */
export function valueOfParent({ parentColumns, type }: Relation, columns: readonly string[], cells: readonly Cell[]): string | undefined {
  const named = parentColumns.map((column) => cells[columns.indexOf(column)])
  return joinCells(type === undefined ? named : [type, ...named])
}

function distinct(relations: readonly Relation[]): Relation[] {
  return [...new Map(relations.map((one) => [JSON.stringify(one), one])).values()]
}

/** For each table those that it leads to, over however many steps. */
function reachable(relations: readonly Relation[]): Map<TableId, Set<TableId>> {
  const below = new Map<TableId, Set<TableId>>()
  for (const { parent } of relations) {
    const found = new Set<TableId>()
    const waiting = [parent]
    for (const from of waiting) {
      for (const one of relations) {
        if (one.parent !== from || found.has(one.child)) continue
        found.add(one.child)
        waiting.push(one.child)
      }
    }
    below.set(parent, found)
  }
  return below
}
