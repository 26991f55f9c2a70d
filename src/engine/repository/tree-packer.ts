import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { IndexedPack } from './index-file.ts'
import { PackBuilder, storedForm } from './pack-builder.ts'
import { packHeaderSizeBytesMax } from './pack.ts'
import { sealOverheadBytes, type SealingKey } from './seal.ts'

/** Packs trees on the main thread: they are small, few, and come one after the other. */
export class TreePacker {
  readonly #key: SealingKey
  readonly #compressionLevel: number
  readonly #store: (pack: IndexedPack, bytes: Uint8Array) => Promise<void>
  #open: { readonly buffer: Buffer; readonly builder: PackBuilder } | undefined
  /** At most one pack is on its way while the next one fills. */
  #storing: Promise<void> = Promise.resolve()

  constructor(key: SealingKey, compressionLevel: number, store: (pack: IndexedPack, bytes: Uint8Array) => Promise<void>) {
    this.#key = key
    this.#compressionLevel = compressionLevel
    this.#store = store
  }

  async add(id: BlobId, plain: Uint8Array): Promise<void> {
    const stored = storedForm(plain, this.#compressionLevel)
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
    return { buffer, builder: new PackBuilder(this.#key, 'tree', buffer) }
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
    await this.#store({ id: pack.id, blobs: pack.blobs }, buffer.subarray(0, pack.sizeBytes))
  }
}
