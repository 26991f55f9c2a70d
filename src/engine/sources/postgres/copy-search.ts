import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { LongRow, nullCell, shortened, type Cell } from './copy-cells.ts'

/** Rows in which the cells of some columns are one of several values. */
export interface RowSought {
  /** By their place in COPY order, from 0 on. */
  readonly columns: readonly number[]
  /** What `joinCells` makes of them. */
  readonly values: ReadonlySet<string>
}

export interface FoundRow {
  /** Which row of the stream it is, from 0 on. */
  readonly at: number
  /** Its cells, joined with tabs. */
  readonly line: string
}

/** One text for several cells; undefined where one of them is null, which equals nothing. */
export function joinCells(cells: readonly (Cell | undefined)[]): string | undefined {
  return cells.some((cell) => cell === undefined || cell === nullCell) ? undefined : cells.join('\t')
}

/**
 * The rows of COPY text as it streams by that are sought in one way or another. Holds a part of the stream and one row, however
 * long that is. DAMAGE_MANIFEST when the stream ends within a row.
 */
export async function* searchRows(parts: AsyncIterable<Uint8Array>, sought: readonly RowSought[]): AsyncGenerator<FoundRow> {
  const look = new RowLook(sought)
  let at = 0
  let rest = ''
  let long: LongRow | undefined
  for await (const part of parts) {
    let text = rest + Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('latin1')
    rest = ''
    if (long) {
      const end = text.indexOf('\n')
      long.add(end < 0 ? text : text.slice(0, end))
      if (end < 0) continue
      const line = long.end().join('\t')
      if (look.isSought(line)) yield { at, line }
      at += 1
      long = undefined
      text = text.slice(end + 1)
    }
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const line = text.slice(start, end)
      if (look.isSought(line)) yield { at, line: line.split('\t').map(shortened).join('\t') }
      at += 1
      start = end + 1
    }
    rest = text.slice(start)
    if (rest.length <= limits.copyRowBytesMax) continue
    long = new LongRow()
    long.add(rest)
    rest = ''
  }
  if (rest !== '' || long) throw new Fault('DAMAGE_MANIFEST', 'a segment of rows ends within a row')
}

/** Looks at one row after the other without taking it apart: nearly all of them are of no interest. */
class RowLook {
  readonly #sought: readonly RowSought[]
  /** Where the cells of the row begin, and where the one after the last begins. */
  readonly #starts: Int32Array

  constructor(sought: readonly RowSought[]) {
    this.#sought = sought
    this.#starts = new Int32Array(Math.max(0, ...sought.flatMap(({ columns }) => columns)) + 2)
  }

  isSought(line: string): boolean {
    this.#find(line)
    return this.#sought.some(({ columns, values }) => {
      const [only, ...more] = columns
      const value = more.length === 0 ? this.#cell(line, only!) : joinCells(columns.map((column) => this.#cell(line, column)))
      return value !== undefined && values.has(value)
    })
  }

  #find(line: string): void {
    const last = this.#starts.length - 1
    for (let cell = 1; cell <= last; cell += 1) {
      const tab = line.indexOf('\t', this.#starts[cell - 1])
      this.#starts[cell] = (tab < 0 ? line.length : tab) + 1
    }
  }

  #cell(line: string, column: number): Cell | undefined {
    const cell = shortened(line.slice(this.#starts[column], this.#starts[column + 1]! - 1))
    return cell === nullCell ? undefined : cell
  }
}
