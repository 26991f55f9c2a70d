import type { BlobId } from '#base/ids.ts'
import type { PackIndex } from './pack-index.ts'
import type { BlobType } from './pack.ts'

/** A set of blobs of one index, a bit for each: a repository of 5 TB takes less than a mebibyte. */
export class BlobSet {
  readonly #index: PackIndex
  readonly #bits: Uint8Array

  /** The index must not grow as long as the set is used. */
  constructor(index: PackIndex) {
    this.#index = index
    this.#bits = new Uint8Array(Math.ceil(index.blobCount / 8))
  }

  has(type: BlobType, id: BlobId): boolean {
    const entry = this.#index.entryOf(type, id)
    return entry !== undefined && (this.#bits[entry >>> 3]! & (1 << (entry & 7))) !== 0
  }

  /** `unknown` when the index does not have the blob; then it is not in the set either. */
  add(type: BlobType, id: BlobId): 'added' | 'there' | 'unknown' {
    const entry = this.#index.entryOf(type, id)
    if (entry === undefined) return 'unknown'
    const bit = 1 << (entry & 7)
    if (this.#bits[entry >>> 3]! & bit) return 'there'
    this.#bits[entry >>> 3]! |= bit
    return 'added'
  }
}
