import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { IndexedPack } from './index-file.ts'
import { effortFor } from './compression.ts'
import { PackBuilder, storedForm } from './pack-builder.ts'
import { packHeaderSizeBytesMax, type BlobType } from './pack.ts'
import { sealOverheadBytes, type SealingKey } from './seal.ts'

export interface BlobPackerOptions {
  readonly type: BlobType
  readonly key: SealingKey
  readonly compressionLevel: number
  readonly store: (pack: IndexedPack, bytes: Uint8Array) => Promise<void>
}

/** Packs on the main thread what is small and comes one after the other: trees, and the data of a backup with hardly any. */
export class BlobPacker {
  readonly #options: BlobPackerOptions
  #open: { readonly buffer: Buffer; readonly builder: PackBuilder } | undefined
  /** At most one pack is on its way while the next one fills. */
  #storing: Promise<void> = Promise.resolve()

  constructor(options: BlobPackerOptions) {
    this.#options = options
  }

  async add(id: BlobId, plain: Uint8Array): Promise<void> {
    const stored = storedForm(plain, effortFor(plain, this.#options.compressionLevel))
    const earlier = this.#storing
    if (this.#open && !this.#open.builder.fits(stored.bytes.byteLength)) this.#close()
    // A directory of a million files is one tree: then the pack is as large as that one needs.
    const needed = stored.bytes.byteLength + sealOverheadBytes + packHeaderSizeBytesMax(1)
    this.#open ??= this.#begin(Math.max(limits.treePackSizeBytes, needed))
    this.#open.builder.add(id, stored)
    await earlier
  }

  async flush(): Promise<void> {
    this.#close()
    await this.#storing
  }

  #begin(sizeBytes: number): { readonly buffer: Buffer; readonly builder: PackBuilder } {
    const buffer = Buffer.allocUnsafeSlow(sizeBytes)
    return { buffer, builder: new PackBuilder(this.#options.key, this.#options.type, buffer) }
  }

  #close(): void {
    if (!this.#open) return
    const { buffer, builder } = this.#open
    this.#open = undefined
    this.#storing = this.#storeAfter(this.#storing, buffer, builder)
    // Told to whoever comes next; until then it must not count as unhandled.
    this.#storing.catch(() => {})
  }

  async #storeAfter(earlier: Promise<void>, buffer: Buffer, builder: PackBuilder): Promise<void> {
    await earlier
    const pack = builder.close()
    await this.#options.store({ id: pack.id, blobs: pack.blobs }, buffer.subarray(0, pack.sizeBytes))
  }
}
