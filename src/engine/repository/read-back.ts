import { Fault, isFault } from '#base/fault.ts'
import { freeAtOnce } from '#host/memory.ts'
import type { Folder, Storage, StorageName } from '#engine/storage/storage.ts'

/**
 * Writes a file and reads it back. A storage that says "done" and has nothing, or other bytes, is found out while nothing
 * relies on the file yet: STORAGE_UNTRUE, and what it has is taken away again.
 */
export async function putAndReadBack(
  storage: Storage,
  { name, parts }: { readonly name: StorageName; readonly parts: readonly Uint8Array[] },
  signal?: AbortSignal,
): Promise<void> {
  await storage.put(name, parts, signal)
  const found = await bytesIn(storage, name, signal)
  if (found && isSame(found, parts)) return freeAtOnce(found)
  // Under this name other bytes would be damage for everybody else.
  if (found) await storage.remove(name, signal)
  throw new Fault('STORAGE_UNTRUE', `${name} was written, and the storage has ${found ? 'other bytes' : 'nothing'} under that name`, {
    name,
  })
}

/** STORAGE_UNTRUE when one of these files is still listed after it was removed. */
export async function assertRemoved(storage: Storage, folder: Folder, names: Iterable<StorageName>, signal?: AbortSignal): Promise<void> {
  const removed = new Set(names)
  if (removed.size === 0) return
  for await (const { name } of storage.list(folder, signal)) {
    if (removed.has(name)) throw new Fault('STORAGE_UNTRUE', `${name} was removed, and the storage still lists it`, { name })
  }
}

async function bytesIn(storage: Storage, name: StorageName, signal: AbortSignal | undefined): Promise<Buffer | undefined> {
  try {
    return await storage.get(name, undefined, signal)
  } catch (error) {
    if (isFault(error, 'STORAGE_NOT_FOUND')) return undefined
    throw error
  }
}

function isSame(found: Buffer, parts: readonly Uint8Array[]): boolean {
  let offset = 0
  for (const part of parts) {
    if (!found.subarray(offset, offset + part.byteLength).equals(part)) return false
    offset += part.byteLength
  }
  return offset === found.byteLength
}
