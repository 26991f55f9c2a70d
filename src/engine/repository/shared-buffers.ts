import { MiB } from '#base/units.ts'

/**
 * Memory that threads and the main thread hand to each other and use again and again. A new buffer for every piece would
 * have to be cleared by the system and collected afterwards, which takes longer than opening the piece.
 */
export class SharedBuffers {
  readonly #free: SharedArrayBuffer[] = []
  readonly #keepBytesMax: number
  #freeBytes = 0

  /** What is given back beyond `keepBytesMax` is left to the garbage collector. */
  constructor(keepBytesMax: number) {
    this.#keepBytesMax = keepBytesMax
  }

  /** At least `sizeBytes`, with whatever it held before. */
  take(sizeBytes: number): SharedArrayBuffer {
    let best = -1
    for (const [at, { byteLength }] of this.#free.entries()) {
      if (byteLength >= sizeBytes && (best < 0 || byteLength < this.#free[best]!.byteLength)) best = at
    }
    if (best < 0) return new SharedArrayBuffer(Math.max(1, Math.ceil(sizeBytes / (2 * MiB))) * 2 * MiB)
    const [buffer] = this.#free.splice(best, 1)
    this.#freeBytes -= buffer!.byteLength
    return buffer!
  }

  /** The caller's views of it are invalid from now on. */
  give(buffer: SharedArrayBuffer): void {
    if (this.#freeBytes + buffer.byteLength > this.#keepBytesMax) return
    this.#free.push(buffer)
    this.#freeBytes += buffer.byteLength
  }
}
