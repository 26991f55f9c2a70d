import { throwIfCancelled, type Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { printDuration } from '#base/units.ts'
import type { Folder, Storage, StoredFile } from './storage.ts'

/**
 * Ends a call that has no answer within `limits.storageTimeoutMs` with STORAGE_TIMEOUT, and one whose caller gives up with
 * CANCELLED, even when the storage itself heeds neither: a dead network mount keeps its calls for ever.
 */
export function timed(storage: Storage, clock: Clock): Storage {
  const { location } = storage
  const within: Within = (what, call, signal) => answered({ clock, what: `${what} at ${location}`, call }, signal)
  return {
    location,
    freesOnRemove: storage.freesOnRemove,
    create: (signal) => within('making the folders', (ending) => storage.create(ending), signal),
    put: (name, parts, signal) => within(`writing ${name}`, (ending) => storage.put(name, parts, ending), signal),
    get: (name, range, signal) => within(`reading ${name}`, (ending) => storage.get(name, range, ending), signal),
    stat: (name, signal) => within(`looking at ${name}`, (ending) => storage.stat(name, ending), signal),
    list: (folder, signal) => listWithin(storage, folder, within, signal),
    remove: (name, signal) => within(`removing ${name}`, (ending) => storage.remove(name, ending), signal),
    removeLeftovers: (before, signal) => within('removing leftovers', (ending) => storage.removeLeftovers(before, ending), signal),
    now: (signal) => within('asking for the time', (ending) => storage.now(ending), signal),
    freeBytes: (signal) => within('asking for free space', (ending) => storage.freeBytes(ending), signal),
  }
}

type Within = <T>(what: string, call: (ending: AbortSignal) => Promise<T>, signal: AbortSignal | undefined) => Promise<T>

interface Call<T> {
  readonly clock: Clock
  readonly what: string
  readonly call: (ending: AbortSignal) => Promise<T>
}

async function answered<T>({ clock, what, call }: Call<T>, signal: AbortSignal | undefined): Promise<T> {
  throwIfCancelled(signal)
  const ending = new AbortController()
  const ended = Promise.withResolvers<never>()
  const end = (fault: Fault) => {
    ended.reject(fault)
    ending.abort(fault)
  }
  const cancelled = () => end(new Fault('CANCELLED', 'cancelled', {}, { cause: signal?.reason }))
  signal?.addEventListener('abort', cancelled, { once: true })
  using _timer = clock.every(limits.storageTimeoutMs, () => {
    end(new Fault('STORAGE_TIMEOUT', `${what} had no answer within ${printDuration(limits.storageTimeoutMs)}`))
  })
  try {
    return await Promise.race([call(ending.signal), ended.promise])
  } finally {
    signal?.removeEventListener('abort', cancelled)
  }
}

/** The bound is for each file of the listing, not for all of them. */
async function* listWithin(storage: Storage, folder: Folder, within: Within, signal: AbortSignal | undefined): AsyncIterable<StoredFile> {
  const ending = new AbortController()
  const files = storage.list(folder, ending.signal)[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await within(`listing ${folder}`, () => files.next(), signal)
      if (next.done) return
      yield next.value
    }
  } finally {
    ending.abort()
    // Not awaited: a listing that hangs would hold its reader here; its end is no news.
    void files.return?.().catch(() => {})
  }
}
