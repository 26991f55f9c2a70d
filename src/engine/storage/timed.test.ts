import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { systemClock, testClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { faulty, type Injection } from './faulty.ts'
import { memory } from './memory.ts'
import { idIn, storageSuite } from './storage.suite.ts'
import type { Storage } from './storage.ts'
import { timed } from './timed.ts'

storageSuite('timed', async () => ({ storage: timed(memory(systemClock), systemClock), [Symbol.asyncDispose]: async () => {} }))

const a = idIn('data', 'a')
const calls: readonly [Injection['verb'], (storage: Storage, signal?: AbortSignal) => Promise<unknown>][] = [
  ['put', (storage, signal) => storage.put(a, [Buffer.from('a')], signal)],
  ['get', (storage, signal) => storage.get(a, undefined, signal)],
  ['stat', (storage, signal) => storage.stat(a, signal)],
  ['list', (storage, signal) => Array.fromAsync(storage.list('data', signal))],
  ['remove', (storage, signal) => storage.remove(a, signal)],
  ['now', (storage, signal) => storage.now(signal)],
]

for (const [verb, call] of calls) {
  test(`a ${verb} without an answer ends with STORAGE_TIMEOUT, or with its caller`, async () => {
    const clock = testClock(new Date())
    const inner = faulty(
      memory(clock),
      [1, 2].map((nth) => ({ verb, nth, hang: true }) as const),
    )
    const storage = timed(inner, clock)
    const late = assert.rejects(call(storage), (error) => isFault(error, 'STORAGE_TIMEOUT') && error.retry)
    await nextTurn()
    clock.advance(limits.storageTimeoutMs)
    await late

    const abort = new AbortController()
    const given = assert.rejects(call(storage, abort.signal), (error) => isFault(error, 'CANCELLED'))
    await nextTurn()
    abort.abort()
    await given
    inner.assertFired()
  })
}

test('a storage that heeds no signal does not hold its caller either', async () => {
  const clock = testClock(new Date())
  const storage = timed({ ...memory(clock), get: () => new Promise(() => {}) }, clock)
  const late = assert.rejects(storage.get(a), (error) => isFault(error, 'STORAGE_TIMEOUT'))
  clock.advance(limits.storageTimeoutMs)
  await late
})
