import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { printBytes } from '#base/units.ts'

const rowsEnd = Buffer.from('\n\\.', 'latin1')
/** Longest beginning of the end of rows that may stand at the end of a piece: a line break, `\.`, a carriage return. */
const rowsEndBytes = 4
const wordBytesMax = 1024

/** The text of a dump as it comes, one character for each byte. Never more of it is held than one statement. */
export class DumpText {
  readonly #source: AsyncIterator<Uint8Array>
  #buffer = ''
  #at = 0
  #isOver = false
  /** Rows of a COPY that were not handed out yet; undefined outside of one. */
  #rows: Buffer | undefined
  /** Bytes at the front of `#rows` that are not rows. */
  #rowsSkip = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Makes `length` characters be there, or all that are left; false at the end. */
  async ahead(length: number): Promise<boolean> {
    while (this.#buffer.length - this.#at < length && (await this.#more())) continue
    return this.#at < this.#buffer.length
  }

  peek(offset: number): string {
    return this.#buffer[this.#at + offset] ?? ''
  }

  take(length: number): string {
    const text = this.#buffer.slice(this.#at, this.#at + length)
    this.#at += text.length
    return text
  }

  /** What a sticky pattern matches here, taken; a word that may go on beyond what is there is waited for. */
  async match(pattern: RegExp): Promise<string | undefined> {
    for (;;) {
      const found = this.peekMatch(pattern)
      const mayGoOn = found !== undefined && this.#at + found.length === this.#buffer.length && found.length < wordBytesMax
      if (!mayGoOn || !(await this.#more())) return found === undefined ? undefined : this.take(found.length)
    }
  }

  peekMatch(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    return pattern.exec(this.#buffer)?.[0]
  }

  /** Up to the closing `mark`, which is doubled within, and behind a backslash when those escape. */
  async quoted(mark: "'" | '"', hasEscapes: boolean): Promise<string> {
    for (let from = 1; ;) {
      const end = await this.#find(mark, from, 'a quoted text')
      const escape = hasEscapes ? this.#buffer.indexOf('\\', this.#at + from) - this.#at : -1
      if (escape >= 0 && escape < end) {
        await this.ahead(escape + 3)
        from = escape + 2
        continue
      }
      await this.ahead(end + 2)
      if (this.peek(end + 1) !== mark) return this.take(end + 1)
      from = end + 2
    }
  }

  /** From the tag that stands here to the end of its next one. */
  async through(tag: string, what: string): Promise<string> {
    return this.take((await this.#find(tag, tag.length, what)) + tag.length)
  }

  /** The rest of the line, with its end. */
  async line(): Promise<string> {
    for (let from = 0; ;) {
      const end = this.#buffer.indexOf('\n', this.#at + from)
      if (end >= 0) return this.take(end + 1 - this.#at)
      from = this.#buffer.length - this.#at
      this.#requireShort(from)
      if (!(await this.#more())) return this.take(from)
    }
  }

  /** A comment may hold comments. */
  async blockComment(): Promise<void> {
    let depth = 1
    for (let from = 2; depth > 0;) {
      const end = await this.#find('*/', from, 'a comment')
      const begin = this.#buffer.indexOf('/*', this.#at + from) - this.#at
      const isBegin = begin >= 0 && begin < end
      depth += isBegin ? 1 : -1
      from = (isBegin ? begin : end) + 2
      if (depth === 0) this.take(from)
    }
  }

  /** The rows after a COPY, to the line `\.`, which is not among them. */
  async beginRows(): Promise<AsyncIterable<Uint8Array>> {
    const rest = await this.line()
    if (rest.trim() !== '') throw new Fault('DUMP_INVALID', 'something stands between a COPY and its rows')
    // As if a line ended before the first: then every end of rows looks the same.
    this.#rows = Buffer.from(`\n${this.#buffer.slice(this.#at)}`, 'latin1')
    this.#rowsSkip = 1
    this.#buffer = ''
    this.#at = 0
    return this.#flow()
  }

  /** What nobody wanted to read. */
  async skipRows(): Promise<void> {
    while (this.#rows) await this.#nextRows()
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#source.return?.()
  }

  async *#flow(): AsyncGenerator<Uint8Array> {
    while (this.#rows) {
      const part = await this.#nextRows()
      if (part.byteLength > 0) yield part
    }
  }

  async #nextRows(): Promise<Uint8Array> {
    const rows = this.#rows!
    for (let from = 0; ;) {
      const at = rows.indexOf(rowsEnd, from)
      if (at < 0) break
      const after = rows.subarray(at + rowsEnd.byteLength)
      const breakBytes =
        after[0] === 0x0a ? 1 : after[0] === 0x0d && after[1] === 0x0a ? 2 : after.byteLength === 0 && this.#isOver ? 0 : undefined
      if (breakBytes !== undefined) {
        this.#rows = undefined
        this.#buffer = after.toString('latin1', breakBytes)
        return rows.subarray(this.#rowsSkip, at + 1)
      }
      if (after.byteLength < 2 && !this.#isOver) break
      from = at + rowsEnd.byteLength
    }
    if (this.#isOver) throw new Fault('DAMAGE_ARCHIVE', 'the dump ends in the middle of the rows of a table')
    const kept = Math.max(this.#rowsSkip, rows.byteLength - rowsEndBytes)
    const next = await this.#source.next()
    if (next.done) this.#isOver = true
    const tail = rows.subarray(kept)
    const isAtFront = kept === this.#rowsSkip && this.#rowsSkip > 0
    this.#rows = Buffer.concat([
      isAtFront ? rows.subarray(0, this.#rowsSkip) : new Uint8Array(0),
      tail,
      next.done ? new Uint8Array(0) : next.value,
    ])
    const part = rows.subarray(this.#rowsSkip, kept)
    if (!isAtFront) this.#rowsSkip = 0
    return part
  }

  /** Offset from here of the next `mark`, from offset `from` on. */
  async #find(mark: string, from: number, what: string): Promise<number> {
    for (let start = from; ;) {
      const found = this.#buffer.indexOf(mark, this.#at + start)
      if (found >= 0) return found - this.#at
      start = Math.max(from, this.#buffer.length - this.#at - mark.length + 1)
      this.#requireShort(this.#buffer.length - this.#at)
      if (!(await this.#more())) throw new Fault('DAMAGE_ARCHIVE', `the dump ends in the middle of ${what}`)
    }
  }

  #requireShort(length: number): void {
    if (length <= limits.dumpStatementBytesMax) return
    throw new Fault('DUMP_INVALID', `a statement of the dump is longer than ${printBytes(limits.dumpStatementBytesMax)}`)
  }

  async #more(): Promise<boolean> {
    if (this.#isOver) return false
    const next = await this.#source.next()
    if (next.done) {
      this.#isOver = true
      return false
    }
    this.#buffer =
      this.#buffer.slice(this.#at) + Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength).toString('latin1')
    this.#at = 0
    return true
  }
}
