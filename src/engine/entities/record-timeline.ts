import { nullCell, valueOf, type Cell, type CellValue } from '#engine/sources/postgres/copy-cells.ts'
import type { ReadableBackup } from './history-backups.ts'
import type { RecordInBackup, RowVersion } from './record-in-backup.ts'
import type { ShapeTable, TableId } from './record-shape.ts'

export type RowEventKind = 'appeared' | 'changed' | 'vanished' | 'returned'

export interface FieldChange {
  readonly column: string
  /** Absent where there was no such row or column. */
  readonly from?: CellValue
  readonly to?: CellValue
}

export interface RowEvent {
  readonly kind: RowEventKind
  /** The backup that was the first to have it so. */
  readonly backup: string
  /** The one before that says anything of this table: it happened between the two. Null in the oldest that was read. */
  readonly since: string | null
  /** All fields of a row that appeared, returned or vanished; those that differ of one that changed. */
  readonly fields: readonly FieldChange[]
}

export interface RowHistory {
  readonly schema: string
  readonly table: string
  readonly isRoot: boolean
  /** Null where the table has no key: such rows are told apart by all that stands in them. */
  readonly key: Readonly<Record<string, CellValue>> | null
  /** Oldest first. */
  readonly events: readonly RowEvent[]
}

export interface TableMoment {
  readonly backup: string
  /** Of the record; null where the backup cannot say. */
  readonly rows: number | null
  readonly counts: Readonly<Record<RowEventKind, number>>
  readonly columnsAdded: readonly string[]
  readonly columnsRemoved: readonly string[]
}

export interface TableHistory {
  readonly schema: string
  readonly table: string
  readonly isRoot: boolean
  /** One for each backup that was read, oldest first. */
  readonly moments: readonly TableMoment[]
}

interface Step {
  readonly kind: RowEventKind
  readonly backup: string
  readonly since: string | null
  readonly before: RowVersion | undefined
  readonly after: RowVersion | undefined
}

interface Track {
  readonly steps: Step[]
  now: RowVersion | undefined
}

class TableTrack {
  readonly table: ShapeTable
  readonly isRoot: boolean
  readonly tracks = new Map<string, Track>()
  readonly moments: TableMoment[] = []
  /** The last backup that said something of the table. */
  since: string | null = null
  columns: readonly string[] | undefined

  constructor(table: ShapeTable, isRoot: boolean) {
    this.table = table
    this.isRoot = isRoot
  }
}

/** Follows the rows of a record from backup to backup, oldest first. */
export class RecordTimeline {
  readonly #lines: readonly string[]
  readonly #tables = new Map<TableId, TableTrack>()

  /** `backups`: all that will be taken. The newest key of a table is by what its rows are known again. */
  constructor(backups: readonly ReadableBackup[], lines: readonly string[]) {
    this.#lines = lines
    for (const { shape } of backups.toReversed()) {
      for (const [id, table] of shape.tables) {
        const known = this.#tables.get(id)
        if (!known || (!known.table.key && table.key)) this.#tables.set(id, new TableTrack(table, id === shape.root))
      }
    }
  }

  take({ id: backup, shape, segments }: ReadableBackup, record: RecordInBackup): void {
    for (const [id, track] of this.#tables) {
      // A table that this schema does not count to the record has no rows of it.
      const rows = shape.tables.has(id) ? record.tables.get(id) : []
      const columns = segments.get(id)?.flatMap((segment) => segment.columns)
      this.#takeTable(track, backup, { rows, columns: columns && [...new Set(columns)] })
    }
  }

  tables(): TableHistory[] {
    return [...this.#tables.values()]
      .filter(({ tracks, isRoot }) => isRoot || tracks.size > 0)
      .toSorted((a, b) => Number(b.isRoot) - Number(a.isRoot))
      .map(({ table: { schema, name }, isRoot, moments }) => ({ schema, table: name, isRoot, moments }))
  }

  /** Rows of the tables that are asked for, as long as they are taken; each is made when it is asked for. */
  *rows(isAsked: (table: Pick<TableHistory, 'schema' | 'table' | 'isRoot'>) => boolean): Generator<RowHistory> {
    for (const { schema, table, isRoot } of this.tables()) {
      if (!isAsked({ schema, table, isRoot })) continue
      const track = [...this.#tables.values()].find((one) => one.table.schema === schema && one.table.name === table)!
      for (const one of [...track.tracks].toSorted(([a], [b]) => inOrder.compare(a, b))) yield this.#row(track, one[1])
    }
  }

  #takeTable(
    track: TableTrack,
    backup: string,
    { rows, columns }: { readonly rows: readonly RowVersion[] | undefined; readonly columns: readonly string[] | undefined },
  ): void {
    const counts = { appeared: 0, changed: 0, vanished: 0, returned: 0 }
    if (!rows) return void track.moments.push({ backup, rows: null, counts, columnsAdded: [], columnsRemoved: [] })
    const now = this.#identified(track.table, rows)
    const step = (one: Track, kind: RowEventKind, after: RowVersion | undefined) => {
      one.steps.push({ kind, backup, since: track.since, before: one.now, after })
      one.now = after
      counts[kind] += 1
    }
    for (const [identity, version] of now) {
      const known = track.tracks.get(identity)
      if (!known) {
        const one: Track = { steps: [], now: undefined }
        track.tracks.set(identity, one)
        step(one, 'appeared', version)
      } else if (!known.now) step(known, 'returned', version)
      else if (this.#fields(known.now, version).length > 0) step(known, 'changed', version)
    }
    for (const [identity, known] of track.tracks) if (known.now && !now.has(identity)) step(known, 'vanished', undefined)
    const before = track.columns
    track.moments.push({
      backup,
      rows: rows.length,
      counts,
      columnsAdded: before && columns ? columns.filter((column) => !before.includes(column)) : [],
      columnsRemoved: before && columns ? before.filter((column) => !columns.includes(column)) : [],
    })
    track.since = backup
    // A table without a file of rows was not there: what it looked like before is still the last that is known.
    if (columns && columns.length > 0) track.columns = columns
  }

  /** By key; where there is none, or was none yet, by all that stands in a row. Equal rows are counted. */
  #identified({ key }: ShapeTable, rows: readonly RowVersion[]): Map<string, RowVersion> {
    const identified = new Map<string, RowVersion>()
    for (const row of rows) {
      const hasKey = key?.every((column) => row.columns.includes(column))
      const cells = this.#cells(row)
      const named = hasKey ? key! : row.columns.toSorted()
      const identity = named.map((column) => `${hasKey ? '' : `${column}=`}${cells.get(column)!}`).join('\t')
      let number = 1
      while (identified.has(`${identity}\n${number}`)) number += 1
      identified.set(`${identity}\n${number}`, row)
    }
    return identified
  }

  #row({ table: { schema, name, key }, isRoot }: TableTrack, { steps }: Track): RowHistory {
    const first = steps[0]!.after!
    const cells = this.#cells(first)
    return {
      schema,
      table: name,
      isRoot,
      key: key?.every((column) => cells.has(column))
        ? Object.fromEntries(key.map((column) => [column, valueOf(cells.get(column)!)]))
        : null,
      events: steps.map(({ kind, backup, since, before, after }) => ({ kind, backup, since, fields: this.#fields(before, after) })),
    }
  }

  /** Those that differ. A column that came or went counts when something stood in it. */
  #fields(before: RowVersion | undefined, after: RowVersion | undefined): FieldChange[] {
    if (before && after && before.line === after.line && before.columns === after.columns) return []
    const [was, is] = [this.#cells(before), this.#cells(after)]
    const columns = new Set([...is.keys(), ...was.keys()])
    return [...columns].flatMap((column): FieldChange[] => {
      const [from, to] = [was.get(column), is.get(column)]
      if (before && after && (from ?? nullCell) === (to ?? nullCell)) return []
      return [{ column, ...(from !== undefined && { from: valueOf(from) }), ...(to !== undefined && { to: valueOf(to) }) }]
    })
  }

  #cells(row: RowVersion | undefined): Map<string, Cell> {
    const cells = row && this.#lines[row.line]!.split('\t')
    return new Map(row?.columns.map((column, at) => [column, cells![at]!]))
  }
}

/** 9 before 10. */
const inOrder = new Intl.Collator('en', { numeric: true })
