import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Storage } from '#engine/storage/storage.ts'
import type { Seed } from './seed.ts'

/** Before each call the caller waits for a few turns by chance, so that several writers meet in ever new orders. */
export function hesitating(storage: Storage, seed: Seed): Storage {
  return beforeEachCall(storage, async () => {
    for (let turns = seed.below(6); turns > 0; turns -= 1) await nextTurn()
  })
}

/** Just before its nth call something else happens, once, as if another machine had the moment to itself. */
export function interrupted(storage: Storage, nth: number, work: () => Promise<void>): Storage & { readonly hasHappened: boolean } {
  let calls = 0
  const within = beforeEachCall(storage, async () => {
    calls += 1
    if (calls === nth) await work()
  })
  return {
    ...within,
    get hasHappened() {
      return calls >= nth
    },
  }
}

function beforeEachCall(storage: Storage, before: () => Promise<void>): Storage {
  const after = async <T>(call: () => Promise<T>): Promise<T> => {
    await before()
    return await call()
  }
  return {
    ...storage,
    put: (name, parts, signal) => after(() => storage.put(name, parts, signal)),
    get: (name, range, signal) => after(() => storage.get(name, range, signal)),
    stat: (name, signal) => after(() => storage.stat(name, signal)),
    remove: (name, signal) => after(() => storage.remove(name, signal)),
    now: (signal) => after(() => storage.now(signal)),
    async *list(folder, signal) {
      await before()
      yield* storage.list(folder, signal)
    },
  }
}
