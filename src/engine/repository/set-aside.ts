import { createHash } from 'node:crypto'
import { Fault, isFault } from '#base/fault.ts'
import { damagedFolder, type Storage, type StorageName } from '#engine/storage/storage.ts'
import { putAndReadBack } from './read-back.ts'

/**
 * Keeps a copy of a file below `damaged/`, proven by reading it back, before it is taken from its place. The name holds
 * the beginning of the hash of its bytes: the same bytes are kept once, other bytes under the same old name beside them.
 */
export async function keepAside(storage: Storage, name: StorageName, signal?: AbortSignal): Promise<StorageName> {
  const bytes = await storage.get(name, undefined, signal)
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16)
  const kept: StorageName = `${damagedFolder}/${name.replace('/', '-')}-${hash}`
  try {
    await putAndReadBack(storage, { name: kept, parts: [bytes] }, signal)
  } catch (error) {
    // A repair that was interrupted kept it already.
    if (!isFault(error, 'STORAGE_EXISTS')) throw error
    if (!(await storage.get(kept, undefined, signal)).equals(bytes))
      throw new Fault('STORAGE_UNTRUE', `${kept} has other bytes than its name says`)
  }
  return kept
}
