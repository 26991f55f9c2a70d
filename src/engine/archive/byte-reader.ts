/** Takes exact lengths off a stream of bytes. Holds at most what was asked for and the piece it came in. */
export class ByteReader {
  /** Bytes handed out so far. */
  position = 0
  readonly #source: AsyncIterator<Uint8Array>
  readonly #onTaken: ((bytes: Uint8Array) => void) | undefined
  #piece: Uint8Array = new Uint8Array(0)
  #isOver = false

  constructor(source: AsyncIterable<Uint8Array>, onTaken?: (bytes: Uint8Array) => void) {
    this.#source = source[Symbol.asyncIterator]()
    this.#onTaken = onTaken
  }

  /** `length` bytes, or fewer when the stream ends before. */
  async read(length: number): Promise<Buffer> {
    if (this.#piece.byteLength >= length) return Buffer.from(this.#take(length))
    const parts: Buffer[] = []
    let missing = length
    while (missing > 0 && (await this.#fill())) {
      const part = this.#take(missing)
      parts.push(Buffer.from(part))
      missing -= part.byteLength
    }
    return Buffer.concat(parts)
  }

  /** Up to `length` bytes as they come, without copying; fewer when the stream ends before. */
  async *flow(length: number): AsyncGenerator<Uint8Array> {
    let missing = length
    while (missing > 0 && (await this.#fill())) {
      const part = this.#take(missing)
      missing -= part.byteLength
      yield part
    }
  }

  /** Tells the stream that no more of it is wanted. */
  async end(): Promise<void> {
    this.#isOver = true
    await this.#source.return?.()
  }

  #take(length: number): Uint8Array {
    const part = this.#piece.subarray(0, length)
    this.#piece = this.#piece.subarray(part.byteLength)
    this.position += part.byteLength
    this.#onTaken?.(part)
    return part
  }

  async #fill(): Promise<boolean> {
    while (this.#piece.byteLength === 0 && !this.#isOver) {
      const next = await this.#source.next()
      if (next.done) this.#isOver = true
      else this.#piece = next.value
    }
    return this.#piece.byteLength > 0
  }
}
