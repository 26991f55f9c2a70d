import type { Clock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { Random } from '#host/random.ts'
import type { Folder, Storage, StorageName, StoredFile } from './storage.ts'

/**
 * Tries again, waiting twice as long each time, when the fault says that the same call may succeed later. Damage, a full
 * disk and a refusal are passed on at once.
 */
export function retrying(storage: Storage, clock: Clock, random: Random): Storage {
  const attempt = attempts(clock, random)
  return {
    location: storage.location,
    freesOnRemove: storage.freesOnRemove,
    create: (signal) => attempt(() => storage.create(signal), signal),
    put: (name, parts, signal) =>
      attempt((isAgain) => (isAgain ? putAgain(storage, name, parts, signal) : storage.put(name, parts, signal)), signal),
    get: (name, range, signal) => attempt(() => storage.get(name, range, signal), signal),
    stat: (name, signal) => attempt(() => storage.stat(name, signal), signal),
    list: (folder, signal) => listAll(storage, folder, attempt, signal),
    remove: (name, signal) => attempt(() => storage.remove(name, signal), signal),
    removeLeftovers: (before, signal) => attempt(() => storage.removeLeftovers(before, signal), signal),
    now: (signal) => attempt(() => storage.now(signal), signal),
    freeBytes: (signal) => attempt(() => storage.freeBytes(signal), signal),
  }
}

type Attempt = <T>(call: (isAgain: boolean) => Promise<T>, signal: AbortSignal | undefined) => Promise<T>

function attempts(clock: Clock, random: Random): Attempt {
  return async (call, signal) => {
    for (let failures = 0; ;) {
      try {
        return await call(failures > 0)
      } catch (error) {
        failures += 1
        if (!isFault(error) || !error.retry || failures >= limits.storageAttempts) throw error
        await clock.sleep(delayMs(failures, random), signal)
      }
    }
  }
}

/** Between half and all of the doubled delay, so that several writers do not come back at the same moment. */
function delayMs(failures: number, random: Random): number {
  const fullMs = Math.min(limits.storageRetryDelayMs * 2 ** (failures - 1), limits.storageRetryDelayMsMax)
  const share = (random.bytes(1)[0] ?? 0) / 255
  return fullMs * (0.5 + share / 2)
}

/** The first attempt may have been carried out and only its answer lost: then the file is there with exactly our bytes. */
async function putAgain(storage: Storage, name: StorageName, parts: readonly Uint8Array[], signal: AbortSignal | undefined): Promise<void> {
  try {
    await storage.put(name, parts, signal)
  } catch (error) {
    if (!isFault(error, 'STORAGE_EXISTS')) throw error
    const stored = await storage.get(name, undefined, signal)
    if (!stored.equals(Buffer.concat(parts))) throw error
  }
}

/** A listing that broke off begins again and leaves out what was handed over already. */
async function* listAll(storage: Storage, folder: Folder, attempt: Attempt, signal: AbortSignal | undefined): AsyncIterable<StoredFile> {
  const listed = new Set<StorageName>()
  let listing = storage.list(folder, signal)[Symbol.asyncIterator]()
  const next = async (isAgain: boolean) => {
    if (isAgain) listing = storage.list(folder, signal)[Symbol.asyncIterator]()
    return await listing.next()
  }
  for (let found = await attempt(next, signal); !found.done; found = await attempt(next, signal)) {
    if (listed.has(found.value.name)) continue
    listed.add(found.value.name)
    yield found.value
  }
}
