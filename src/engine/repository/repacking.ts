import { throwIfCancelled } from '#base/clock.ts'
import type { PackId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { damagedBlob, openBlob } from './blob.ts'
import type { DocumentPlace } from './document.ts'
import type { IndexedPack } from './index-file.ts'
import type { BlobLocation } from './pack-index.ts'
import { putAndReadBack } from './read-back.ts'
import { encodePackHeader, packIdOf, sealPackHeader, type BlobType, type PackedBlob } from './pack.ts'

export interface Repacked {
  readonly packs: readonly IndexedPack[]
  readonly blobCount: number
  readonly copiedBytes: number
}

/**
 * Copies blobs as they are, sealed, into new packs: data and trees apart, as design.rst "Pack Format" wants them. Each is
 * opened on the way, so that no damage is copied. Holds one growing pack of each type in memory.
 */
export async function repack(place: DocumentPlace, blobs: Iterable<BlobLocation>, signal?: AbortSignal): Promise<Repacked> {
  const growing: Record<BlobType, GrowingPack> = { data: new GrowingPack(), tree: new GrowingPack() }
  const packs: IndexedPack[] = []
  let blobCount = 0
  let copiedBytes = 0
  const close = async (type: BlobType) => {
    packs.push(await growing[type].put(place, signal))
    growing[type] = new GrowingPack()
  }
  for (const blob of blobs) {
    throwIfCancelled(signal)
    const sealed = await place.storage.get(`data/${blob.packId}`, { offset: blob.offset, length: blob.sizeBytes }, signal)
    const opened = openBlob(place.key, blob, sealed)
    if (opened.kind === 'damaged') throw damagedBlob(blob, opened.damage)
    growing[blob.type].add(blob, sealed)
    blobCount += 1
    copiedBytes += blob.sizeBytes
    if (growing[blob.type].sizeBytes >= limits.packSizeBytesTarget) await close(blob.type)
  }
  for (const type of ['data', 'tree'] as const) if (growing[type].sizeBytes > 0) await close(type)
  return { packs, blobCount, copiedBytes }
}

class GrowingPack {
  readonly #parts: Uint8Array[] = []
  readonly #blobs: PackedBlob[] = []
  sizeBytes = 0

  add(blob: BlobLocation, sealed: Uint8Array): void {
    const { id, type, sizeBytes, plainSizeBytes, isCompressed } = blob
    this.#blobs.push({ id, type, offset: this.sizeBytes, sizeBytes, plainSizeBytes, isCompressed })
    this.#parts.push(sealed)
    this.sizeBytes += sizeBytes
  }

  async put(place: DocumentPlace, signal?: AbortSignal): Promise<IndexedPack> {
    const parts = [...this.#parts, sealPackHeader(place.key, encodePackHeader(this.#blobs))]
    const id: PackId = packIdOf(parts)
    // What it is copied from goes later, so the copy is proven now.
    await putAndReadBack(place.storage, { name: `data/${id}`, parts }, signal)
    return { id, blobs: this.#blobs }
  }
}
