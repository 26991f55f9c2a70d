import { createHash } from 'node:crypto'
import { strict as assert } from 'node:assert'

/** What became of each file that a capture hands out: its size and SHA-256, known once it was read to its end. */
export class WrittenFiles {
  readonly #expected: Set<string>
  readonly #earlyLeft: Set<string>
  readonly #done = new Map<string, { readonly sizeBytes: number; readonly sha256: string }>()
  readonly #wholeEarly = Promise.withResolvers<void>()
  readonly #whole = Promise.withResolvers<void>()

  /** Files that are made from the `early` ones come `late`. */
  constructor(early: Iterable<string>, late: Iterable<string>) {
    this.#earlyLeft = new Set(early)
    this.#expected = new Set([...this.#earlyLeft, ...late])
    for (const whole of [this.#wholeEarly, this.#whole]) {
      // Nobody may be waiting when a capture fails.
      whole.promise.catch(() => {})
    }
  }

  /** Passes the bytes on and remembers what they were. */
  async *record(path: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    assert(this.#expected.has(path), `${path} is a file of the capture`)
    const sha256 = createHash('sha256')
    let sizeBytes = 0
    for await (const part of bytes) {
      sha256.update(part)
      sizeBytes += part.byteLength
      yield part
    }
    assert(!this.#done.has(path), `${path} is read once`)
    this.#done.set(path, { sizeBytes, sha256: sha256.digest('hex') })
    this.#earlyLeft.delete(path)
    if (this.#earlyLeft.size === 0) this.#wholeEarly.resolve()
    if (this.#done.size === this.#expected.size) this.#whole.resolve()
  }

  fail(error: unknown): void {
    this.#wholeEarly.reject(error)
    this.#whole.reject(error)
  }

  wholeEarly(): Promise<void> {
    return this.#wholeEarly.promise
  }

  /** Resolves when every expected file was read to its end. */
  whole(): Promise<void> {
    return this.#whole.promise
  }

  sizeBytes(path: string): number {
    return this.#of(path).sizeBytes
  }

  /** Lines as `sha256sum` writes and checks them, in byte order of the paths. */
  checksums(): string {
    const paths = [...this.#done.keys()].toSorted((a, b) => (a < b ? -1 : 1))
    return paths.map((path) => `${this.#of(path).sha256}  ${path}\n`).join('')
  }

  #of(path: string): { readonly sizeBytes: number; readonly sha256: string } {
    const written = this.#done.get(path)
    assert(written, `${path} was read to its end`)
    return written
  }
}
