import assert from 'node:assert/strict'
import type { BlobId, PackId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { Effort } from '#host/zstd.ts'
import { compressed } from './compression.ts'
import { encodePackHeader, packHeaderSizeBytesMax, packIdOf, sealPackHeader, type BlobType, type PackedBlob } from './pack.ts'
import { sealInto, sealOverheadBytes, type SealingKey } from './seal.ts'

export interface BuiltPack {
  readonly id: PackId
  /** Bytes of the buffer that are the pack. */
  readonly sizeBytes: number
  readonly blobs: readonly PackedBlob[]
}

/** Fills one buffer with sealed blobs of one type (design.rst: they must be in separate packs), then seals the header. */
export class PackBuilder {
  readonly #key: SealingKey
  readonly #type: BlobType
  readonly #buffer: Uint8Array
  readonly #blobs: PackedBlob[] = []
  #used = 0

  constructor(key: SealingKey, type: BlobType, buffer: Uint8Array) {
    this.#key = key
    this.#type = type
    this.#buffer = buffer
  }

  get blobCount(): number {
    return this.#blobs.length
  }

  fits(storedSizeBytes: number): boolean {
    if (this.#blobs.length >= limits.packBlobsMax) return false
    const needed = storedSizeBytes + sealOverheadBytes + packHeaderSizeBytesMax(this.#blobs.length + 1)
    return this.#used + needed <= this.#buffer.byteLength
  }

  add(id: BlobId, stored: StoredForm): void {
    assert.ok(this.fits(stored.bytes.byteLength))
    const { bytes, plainSizeBytes, isCompressed } = stored
    const sizeBytes = sealInto(this.#key, bytes, this.#buffer.subarray(this.#used))
    this.#blobs.push({ id, type: this.#type, offset: this.#used, sizeBytes, plainSizeBytes, isCompressed })
    this.#used += sizeBytes
  }

  /** Once, last. */
  close(): BuiltPack {
    const header = sealPackHeader(this.#key, encodePackHeader(this.#blobs))
    this.#buffer.set(header, this.#used)
    const sizeBytes = this.#used + header.byteLength
    return { id: packIdOf([this.#buffer.subarray(0, sizeBytes)]), sizeBytes, blobs: this.#blobs }
  }
}

export interface StoredForm {
  /** Compressed ones are valid until the next blob is compressed. */
  readonly bytes: Uint8Array
  readonly plainSizeBytes: number
  readonly isCompressed: boolean
}

/** Compressed when that is smaller: what does not shrink is stored as it is, which reads faster. */
export function storedForm(plain: Uint8Array, effort: Effort): StoredForm {
  const frame = compressed(plain, effort)
  return { bytes: frame ?? plain, plainSizeBytes: plain.byteLength, isCompressed: frame !== undefined }
}
