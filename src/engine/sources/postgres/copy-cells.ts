import { isUtf8 } from 'node:buffer'
import { createHash, type Hash } from 'node:crypto'
import { limits } from '#base/limits.ts'
import { unescapeField } from './copy-fields.ts'

/**
 * A field of a row as COPY wrote it, one character per byte: two are equal when their text is. Of a long one only its length
 * and SHA-256 are kept, behind a character that COPY text never holds.
 */
export type Cell = string

/** SQL's null in COPY text. */
export const nullCell: Cell = '\\N'
const longMark = '\u0000'

/** What a cell stands for; a long one is known by the bytes of its COPY text alone. */
export type CellValue = string | null | { readonly bytes: number; readonly sha256: string }

export function valueOf(cell: Cell): CellValue {
  if (cell === nullCell) return null
  if (cell.startsWith(longMark)) {
    const [bytes = '', sha256 = ''] = cell.slice(1).split(' ')
    return { bytes: Number(bytes), sha256 }
  }
  const bytes = unescapeField(Buffer.from(cell, 'latin1'))
  // A database without an encoding may hold anything: then each byte is shown as the character of its number.
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
}

const escaped: Readonly<Record<string, string>> = { '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v', '\\': '\\' }

/** As COPY writes a text. */
export function cellOf(text: string): Cell {
  const bytes = Buffer.from(text, 'utf8').toString('latin1')
  return shortened(bytes.replace(/[\b\f\n\r\t\v\\]/g, (letter) => `\\${escaped[letter]!}`))
}

/** From a field of any length to what is kept of it. */
export function shortened(field: string): Cell {
  if (field.length <= limits.copyCellBytesMax) return field
  return longCell(field.length, createHash('sha256').update(field, 'latin1'))
}

function longCell(bytes: number, hash: Hash): Cell {
  return `${longMark}${bytes} ${hash.digest('hex')}`
}

/** A row that is too long to be held: its cells, out of parts as they come. */
export class LongRow {
  readonly #cells: Cell[] = []
  #kept = ''
  #bytes = 0
  #hash: Hash | undefined

  /** Text of the row without its newline. */
  add(text: string): void {
    let start = 0
    for (let end = text.indexOf('\t'); end >= 0; end = text.indexOf('\t', start)) {
      this.#part(text.slice(start, end))
      this.#endCell()
      start = end + 1
    }
    this.#part(text.slice(start))
  }

  end(): Cell[] {
    this.#endCell()
    return this.#cells
  }

  #part(text: string): void {
    this.#bytes += text.length
    if (this.#hash) this.#hash.update(text, 'latin1')
    else this.#kept += text
    if (this.#hash || this.#kept.length <= limits.copyCellBytesMax) return
    this.#hash = createHash('sha256').update(this.#kept, 'latin1')
    this.#kept = ''
  }

  #endCell(): void {
    this.#cells.push(this.#hash ? longCell(this.#bytes, this.#hash) : this.#kept)
    this.#kept = ''
    this.#bytes = 0
    this.#hash = undefined
  }
}
