import { limits } from '#base/limits.ts'
import { afterTurns } from '#host/turns.ts'
import type { BlobDamage } from './blob.ts'
import { listNewFiles, type NewFile } from './new-files.ts'
import type { OpeningThreads } from './opening-threads.ts'
import type { PackedBlob } from './pack.ts'
import type { SharedBuffers } from './shared-buffers.ts'

export type MadeFile = { readonly kind: 'made'; readonly isOwned: boolean } | { readonly kind: 'damaged'; readonly damage: BlobDamage }

interface Asked {
  readonly blob: PackedBlob
  readonly file: NewFile
  readonly resolve: (made: MadeFile) => void
  readonly reject: (error: unknown) => void
}

/** Small files that threads make out of a blob each, many at a time. What is damaged is not made. */
export class MakingBatches {
  readonly #threads: OpeningThreads
  readonly #buffers: SharedBuffers
  #asked: Asked[] = []
  #sealed: SharedArrayBuffer | undefined
  #sealedBytes = 0

  constructor(threads: OpeningThreads, buffers: SharedBuffers) {
    this.#threads = threads
    this.#buffers = buffers
  }

  /** `sealed` is copied before this returns. Rejects with Node's error when a file cannot be written. */
  async make(blob: PackedBlob, sealed: Uint8Array, file: NewFile): Promise<MadeFile> {
    if (this.#sealedBytes + sealed.byteLength > limits.readRunBytesMax || this.#asked.length === limits.readBatchBlobsMax) this.#send()
    if (this.#asked.length === 0) afterTurns(limits.batchTurns, () => this.#send())
    this.#sealed ??= this.#buffers.take(limits.readRunBytesMax)
    const offset = this.#sealedBytes
    new Uint8Array(this.#sealed, offset, sealed.byteLength).set(sealed)
    this.#sealedBytes += sealed.byteLength
    return await new Promise((resolve, reject) => this.#asked.push({ blob: { ...blob, offset }, file, resolve, reject }))
  }

  #send(): void {
    const asked = this.#asked
    const sealed = this.#sealed
    if (asked.length === 0 || !sealed) return
    void this.#makeAll(asked, sealed, this.#sealedBytes)
    this.#asked = []
    this.#sealed = undefined
    this.#sealedBytes = 0
  }

  async #makeAll(asked: readonly Asked[], sealed: SharedArrayBuffer, sealedBytes: number): Promise<void> {
    try {
      const blobs = asked.map(({ blob }) => blob)
      const files = listNewFiles(asked.map(({ file }) => file))
      const { damage, ownerless } = await this.#threads.open(new Uint8Array(sealed, 0, sealedBytes), blobs, { kind: 'new-files', files })
      const notOwned = new Set(ownerless)
      for (const [index, { resolve }] of asked.entries()) {
        const wrong = damage[index]
        resolve(wrong === undefined ? { kind: 'made', isOwned: !notOwned.has(index) } : { kind: 'damaged', damage: wrong })
      }
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
    this.#buffers.give(sealed)
  }
}
