import type { PackId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { Storage } from '#engine/storage/storage.ts'
import type { BlobLocation, PackIndex } from './pack-index.ts'

interface Window {
  readonly packId: PackId
  readonly offset: number
  readonly length: number
  readonly bytes: Promise<Buffer>
}

/**
 * Parts of packs kept for a moment. Files that were backed up one after the other lie side by side, so when one small
 * blob is wanted its followers are fetched with it, and a thousand small files cost a few reads.
 */
export class PackWindows {
  readonly #storage: Storage
  /** Most recently used last. */
  readonly #windows: Window[] = []

  constructor(storage: Storage) {
    this.#storage = storage
  }

  async get(blob: BlobLocation, index: PackIndex, signal?: AbortSignal): Promise<Uint8Array> {
    const end = blob.offset + blob.sizeBytes
    const found = this.#windows.findLastIndex(
      (window) => window.packId === blob.packId && window.offset <= blob.offset && end <= window.offset + window.length,
    )
    const window = found >= 0 ? this.#windows.splice(found, 1)[0]! : this.#open(blob, index, signal)
    this.#windows.push(window)
    if (this.#windows.length > limits.readWindows) this.#windows.shift()
    try {
      const bytes = await window.bytes
      return bytes.subarray(blob.offset - window.offset, end - window.offset)
    } catch (error) {
      this.#forget(window)
      // Somebody else's cancelling, or damage behind this blob, must not hit this reader: it reads its own bytes alone.
      if (signal?.aborted) throw error
      return await this.#storage.get(`data/${blob.packId}`, { offset: blob.offset, length: blob.sizeBytes }, signal)
    }
  }

  #open(blob: BlobLocation, index: PackIndex, signal?: AbortSignal): Window {
    const packEnd = Math.max(blob.offset + blob.sizeBytes, index.packEnd(blob.packId))
    const length = Math.max(blob.sizeBytes, Math.min(limits.readWindowBytes, packEnd - blob.offset))
    const bytes = this.#storage.get(`data/${blob.packId}`, { offset: blob.offset, length }, signal)
    // Awaited by whoever asked; a second one may come later, when it has failed already.
    bytes.catch(() => {})
    return { packId: blob.packId, offset: blob.offset, length, bytes }
  }

  #forget(window: Window): void {
    const at = this.#windows.indexOf(window)
    if (at >= 0) this.#windows.splice(at, 1)
  }
}
