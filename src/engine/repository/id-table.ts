import { freeAtOnce } from '#host/memory.ts'

/**
 * Ids of 32 bytes, numbered in the order they came in: 32 bytes for each in memory that is never moved, and a hash table of
 * at most 8 bytes for each. An id may come in more than once. Ids are hashes already, so their bytes spread evenly.
 */
export class IdTable {
  readonly #segments: Buffer[] = []
  /** Number + 1 by hash; 0 is free. Open addressing, linear probing. */
  #slots = new Uint32Array(1024)
  #count = 0

  get count(): number {
    return this.#count
  }

  get sizeBytes(): number {
    return this.#segments.length * segmentIds * idBytes + this.#slots.byteLength
  }

  /** Takes the ids of `ids` from the `first`th up to the `end`th, 32 bytes each. Returns the number of the first one. */
  add(ids: Uint8Array, first: number, end: number): number {
    const number = this.#count
    this.makeRoom(end - first)
    let from = first
    while (from < end) {
      const used = this.#count % segmentIds
      if (used === 0) this.#segments.push(Buffer.alloc(segmentIds * idBytes))
      const to = Math.min(end, from + segmentIds - used)
      this.#segments.at(-1)!.set(ids.subarray(from * idBytes, to * idBytes), used * idBytes)
      for (; from < to; from += 1) this.#place(this.#count++)
    }
    return number
  }

  /** For so many more ids, in one step instead of many. */
  makeRoom(ids: number): void {
    if ((this.#count + ids) * slotsPerId > this.#slots.length) this.#grow(this.#count + ids)
  }

  /** The number of the first such id that `isWanted`; -1 when there is none. */
  find(id: Buffer, at = 0, isWanted?: (number: number) => boolean): number {
    const { length } = this.#slots
    let slot = slotOf(id, at, length)
    for (let found = this.#slots[slot]!; found !== 0; found = this.#slots[slot]!) {
      const number = found - 1
      const segment = this.#segments[(number / segmentIds) | 0]!
      const start = (number % segmentIds) * idBytes
      // The first byte that had no part in choosing the slot tells nearly all others apart.
      const isSame = segment[start + 4] === id[at + 4] && id.compare(segment, start, start + idBytes, at, at + idBytes) === 0
      if (isSame && (!isWanted || isWanted(number))) return number
      slot = slot + 1 === length ? 0 : slot + 1
    }
    return -1
  }

  hex(number: number): string {
    const start = (number % segmentIds) * idBytes
    return this.#segments[(number / segmentIds) | 0]!.toString('hex', start, start + idBytes)
  }

  #grow(ids: number): void {
    // Found anew from the ids themselves, so the old table can go first.
    freeAtOnce(new Uint8Array(this.#slots.buffer))
    this.#slots = new Uint32Array(Math.ceil(ids * slotsPerId * 1.4))
    for (let number = 0; number < this.#count; number += 1) this.#place(number)
  }

  #place(number: number): void {
    const { length } = this.#slots
    let slot = slotOf(this.#segments[(number / segmentIds) | 0]!, (number % segmentIds) * idBytes, length)
    while (this.#slots[slot] !== 0) slot = slot + 1 === length ? 0 : slot + 1
    this.#slots[slot] = number + 1
  }
}

export const idBytes = 32
const segmentIds = 16_384
const slotsPerId = 1.4

function slotOf(ids: Buffer, at: number, slots: number): number {
  return Math.floor((ids.readUInt32LE(at) / 0x1_0000_0000) * slots)
}
