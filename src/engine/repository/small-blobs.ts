import assert from 'node:assert/strict'
import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { recordOverheadBytes, writeRecord } from './small-records.ts'

export interface SmallBlobsOptions {
  /** Shared with the threads; the batches lie at `address`. */
  readonly memory: SharedArrayBuffer
  readonly address: number
  /** Resolves once every record is sealed and the bytes may be overwritten. `isOnly`: there was and will be no other batch. */
  readonly store: (address: number, length: number, isOnly: boolean) => Promise<void>
  /** Storing goes on behind the caller; its failure is told here. */
  readonly failed: (error: unknown) => void
}

/** What `SmallBlobs` takes from the shared memory. */
export const smallBlobsMemoryBytes = limits.smallBatches * limits.smallBatchBytes

/**
 * Gathers small new blobs into batches, each one job of a thread: for a file of a few KiB the way to a thread and back
 * costs more than sealing it.
 */
export class SmallBlobs {
  readonly #options: SmallBlobsOptions
  readonly #bytes: Buffer
  readonly #free: number[]
  readonly #wantBatch: (() => void)[] = []
  readonly #storing = new Set<Promise<void>>()
  #open: { readonly address: number; used: number } | undefined
  #batches = 0

  constructor(options: SmallBlobsOptions) {
    this.#options = options
    this.#bytes = Buffer.from(options.memory)
    this.#free = Array.from({ length: limits.smallBatches }, (_, at) => options.address + at * limits.smallBatchBytes)
  }

  /** True when the bytes were copied. False when every batch is on its way: ask again after `room`. */
  add(id: BlobId, bytes: Uint8Array): boolean {
    const needed = bytes.byteLength + recordOverheadBytes
    assert.ok(needed <= limits.smallBatchBytes)
    if (this.#open && this.#open.used + needed > limits.smallBatchBytes) this.#close(false)
    if (!this.#open) {
      const address = this.#free.pop()
      if (address === undefined) return false
      this.#open = { address, used: 0 }
    }
    this.#open.used += writeRecord(this.#bytes, this.#open.address + this.#open.used, { id, bytes })
    return true
  }

  /** Resolves when a batch has become free. */
  async room(): Promise<void> {
    if (this.#free.length > 0) return
    await new Promise<void>((resolve) => this.#wantBatch.push(resolve))
  }

  #close(isLast: boolean): void {
    if (!this.#open) return
    this.#batches += 1
    const { address, used } = this.#open
    this.#open = undefined
    const storing = this.#store(address, used, isLast && this.#batches === 1).finally(() => this.#storing.delete(storing))
    this.#storing.add(storing)
  }

  /** Resolves when nothing is being stored any more. */
  async settled(): Promise<void> {
    this.#close(true)
    while (this.#storing.size > 0) await Promise.all(this.#storing)
  }

  async #store(address: number, length: number, isOnly: boolean): Promise<void> {
    try {
      await this.#options.store(address, length, isOnly)
    } catch (error) {
      this.#options.failed(error)
    }
    this.#free.push(address)
    for (const wake of this.#wantBatch.splice(0)) wake()
  }
}
