import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { PackIndex } from './pack-index.ts'
import type { BlobReader } from './reading.ts'
import type { Listings } from './repository.ts'
import { decodeTree } from './tree.ts'

/** Trees of one walk. Those that are expected are read ahead, many at a time, within a bound of bytes. */
export class TreeListings implements Listings {
  readonly #reader: BlobReader
  readonly #index: PackIndex
  readonly #signal: AbortSignal | undefined
  readonly #ahead = new Map<BlobId, { readonly bytes: Promise<Buffer>; readonly sizeBytes: number }>()
  #aheadBytes = 0

  constructor(reader: BlobReader, index: PackIndex, signal?: AbortSignal) {
    this.#reader = reader
    this.#index = index
    this.#signal = signal
  }

  expect(ids: Iterable<BlobId>): void {
    for (const id of ids) {
      if (this.#ahead.has(id)) continue
      const sizeBytes = this.#index.find('tree', id)?.plainSizeBytes ?? 0
      if (this.#ahead.size >= limits.treesAheadMax || this.#aheadBytes + sizeBytes > limits.treesAheadBytesMax) return
      const bytes = this.#reader.load('tree', id, this.#signal)
      // Awaited by whoever comes to it; a walk that is given up never does.
      bytes.catch(() => {})
      this.#ahead.set(id, { bytes, sizeBytes })
      this.#aheadBytes += sizeBytes
    }
  }

  async of(id: BlobId): Promise<TreeNode[]> {
    const ahead = this.#ahead.get(id)
    if (!ahead) return decodeTree(await this.#reader.load('tree', id, this.#signal), id)
    this.#ahead.delete(id)
    this.#aheadBytes -= ahead.sizeBytes
    return decodeTree(await ahead.bytes, id)
  }
}
