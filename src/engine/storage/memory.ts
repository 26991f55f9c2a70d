import assert from 'node:assert'
import { throwIfCancelled, type Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { printBytes } from '#base/units.ts'
import { isStorageName, type Folder, type Range, type Storage, type StorageName, type StoredFile } from './storage.ts'

export interface MemoryOptions {
  /** Beyond this many bytes in all, `put` fails with STORAGE_FULL. */
  readonly capacityBytes?: number
}

interface KeptFile {
  readonly bytes: Buffer
  readonly modifiedAt: Date
}

/** A storage that lasts as long as the process. Its own time is the clock's. */
export function memory(clock: Clock, options: MemoryOptions = {}): Storage {
  const files = new Map<StorageName, KeptFile>()
  const capacityBytes = options.capacityBytes ?? Number.MAX_SAFE_INTEGER
  const usedBytes = () => files.values().reduce((sum, file) => sum + file.bytes.length, 0)

  return {
    location: 'memory',
    freesOnRemove: true,
    create: async (signal) => throwIfCancelled(signal),
    async put(name, parts, signal) {
      assert(isStorageName(name), `no name of a storage: ${name}`)
      throwIfCancelled(signal)
      const bytes = Buffer.concat(parts)
      if (files.has(name)) throw new Fault('STORAGE_EXISTS', `${name} exists already`, { name })
      const freeBytes = capacityBytes - usedBytes()
      if (bytes.length > freeBytes)
        throw new Fault('STORAGE_FULL', `${name} needs ${printBytes(bytes.length)}, ${printBytes(freeBytes)} are free`, { name, freeBytes })
      files.set(name, { bytes, modifiedAt: clock.now() })
    },
    async get(name, range, signal) {
      throwIfCancelled(signal)
      return slice(name, fileOf(files, name).bytes, range)
    },
    async stat(name, signal) {
      throwIfCancelled(signal)
      const file = files.get(name)
      return file && storedFile(name, file)
    },
    async *list(folder: Folder, signal): AsyncIterable<StoredFile> {
      throwIfCancelled(signal)
      // What is listed is what was there when the listing began; a file removed meanwhile is left out.
      for (const [name] of [...files].filter(([known]) => known.startsWith(`${folder}/`))) {
        throwIfCancelled(signal)
        const file = files.get(name)
        if (file) yield storedFile(name, file)
      }
    },
    async remove(name, signal) {
      throwIfCancelled(signal)
      files.delete(name)
    },
    async removeLeftovers(_before, signal) {
      throwIfCancelled(signal)
      return 0
    },
    async now(signal) {
      throwIfCancelled(signal)
      return clock.now()
    },
    async freeBytes(signal) {
      throwIfCancelled(signal)
      return capacityBytes - usedBytes()
    },
  }
}

function fileOf(files: ReadonlyMap<StorageName, KeptFile>, name: StorageName): KeptFile {
  const file = files.get(name)
  if (!file) throw new Fault('STORAGE_NOT_FOUND', `${name} is not in the storage`, { name })
  return file
}

function slice(name: StorageName, bytes: Buffer, range: Range | undefined): Buffer {
  if (!range) return Buffer.from(bytes)
  const end = range.offset + range.length
  if (end > bytes.length)
    throw new Fault('DAMAGE_PACK', `${name} has ${bytes.length} bytes, ${end} were expected`, { name, sizeBytes: bytes.length, end })
  return Buffer.from(bytes.subarray(range.offset, end))
}

function storedFile(name: StorageName, file: KeptFile): StoredFile {
  return { name, sizeBytes: file.bytes.length, modifiedAt: file.modifiedAt }
}
