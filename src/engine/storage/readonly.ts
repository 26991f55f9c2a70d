import type { Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Storage } from './storage.ts'

/** Refuses whatever would change the storage. Its time is the clock's, since asking a file system for its own writes. */
export function readonly(storage: Storage, clock: Clock): Storage {
  const refuse = (act: string) => async () => {
    throw new Fault('STORAGE_READONLY', `${act} was asked of ${storage.location}, which was opened for reading only`, { act })
  }
  return {
    location: storage.location,
    freesOnRemove: storage.freesOnRemove,
    create: refuse('making the folders'),
    put: refuse('writing'),
    remove: refuse('removing'),
    removeLeftovers: refuse('removing'),
    get: (name, range, signal) => storage.get(name, range, signal),
    stat: (name, signal) => storage.stat(name, signal),
    list: (folder, signal) => storage.list(folder, signal),
    now: async () => clock.now(),
    freeBytes: (signal) => storage.freeBytes(signal),
  }
}
