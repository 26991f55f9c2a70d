import assert from 'node:assert/strict'
import type { OpenChunk } from './chunker.ts'

interface Region {
  readonly start: number
  isFree: boolean
}

/**
 * A ring of memory through which one stream at a time flows: bytes are gathered at its head, cut into chunks, and the
 * chunks stay until the threads have sealed them. A chunk always lies in one piece.
 */
export class Lane {
  readonly #bytes: Uint8Array
  readonly #base: number
  readonly #end: number
  /** Chunks that are still in use, oldest first. */
  readonly #regions: Region[] = []
  #head: number
  #freed: (() => void) | undefined

  constructor(memory: SharedArrayBuffer, base: number, sizeBytes: number) {
    this.#bytes = new Uint8Array(memory)
    this.#base = base
    this.#end = base + sizeBytes
    this.#head = base
  }

  /** Where the next byte goes. */
  get head(): number {
    return this.#head
  }

  /**
   * Copies as much of `bytes` behind the open chunk as there is room for, at least one byte, and returns how much.
   * Waits while the lane is full. The chunk may move to the lane's beginning. What was read into `room` is there already.
   */
  async gather(chunk: OpenChunk, bytes: Uint8Array): Promise<number> {
    if (this.#isInPlace(bytes)) {
      this.#head += bytes.byteLength
      return bytes.byteLength
    }
    const taken = Math.min(await this.#roomBehind(chunk), bytes.byteLength)
    this.#bytes.set(taken === bytes.byteLength ? bytes : bytes.subarray(0, taken), this.#head)
    this.#head += taken
    return taken
  }

  /** Memory behind the open chunk, of 1 to `sizeBytesMax` bytes, for what is gathered next. Waits and moves as `gather` does. */
  async room(chunk: OpenChunk, sizeBytesMax: number): Promise<Uint8Array> {
    const sizeBytes = Math.min(await this.#roomBehind(chunk), sizeBytesMax)
    return this.#bytes.subarray(this.#head, this.#head + sizeBytes)
  }

  /** Keeps the bytes from `chunk.start` to `end` until the function that it returns is called. */
  keep(chunk: OpenChunk, end: number): () => void {
    assert.ok(chunk.start < end && end <= this.#head)
    const region: Region = { start: chunk.start, isFree: false }
    this.#regions.push(region)
    return () => {
      region.isFree = true
      while (this.#regions[0]?.isFree) this.#regions.shift()
      this.#freed?.()
      this.#freed = undefined
    }
  }

  /** Drops what was gathered behind `chunk.start`: its stream has failed. */
  drop(chunk: OpenChunk): void {
    this.#head = chunk.start
  }

  #isInPlace(bytes: Uint8Array): boolean {
    return bytes.buffer === this.#bytes.buffer && bytes.byteOffset === this.#head
  }

  async #roomBehind(chunk: OpenChunk): Promise<number> {
    for (;;) {
      const room = this.#roomNow(chunk)
      if (room > 0) return room
      await new Promise<void>((resolve) => {
        this.#freed = resolve
      })
    }
  }

  /** Bytes that can be added behind the open chunk in one piece. */
  #roomNow(chunk: OpenChunk): number {
    const oldest = this.#regions[0]?.start
    const gathered = this.#head - chunk.start
    if (oldest === undefined) {
      // Nothing else is in use: begin anew before the end comes near.
      if (this.#head === this.#end || gathered === 0) this.#move(chunk)
      return this.#end - this.#head
    }
    // The oldest chunk lies behind the head only after the head went around.
    if (oldest >= chunk.start) return oldest - this.#head
    if (this.#head < this.#end) return this.#end - this.#head
    if (oldest - this.#base <= gathered) return 0
    this.#move(chunk)
    return oldest - this.#head
  }

  #move(chunk: OpenChunk): void {
    const moved = this.#base - chunk.start
    this.#bytes.copyWithin(this.#base, chunk.start, this.#head)
    chunk.start += moved
    chunk.scanned += moved
    this.#head += moved
  }
}
