import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock, testClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { GiB } from '#base/units.ts'
import { memory } from './memory.ts'
import { idIn, storageSuite } from './storage.suite.ts'
import { throttled } from './throttled.ts'

storageSuite('throttled', async () => ({
  storage: throttled(memory(systemClock), systemClock, { uploadBytesPerSecond: GiB, downloadBytesPerSecond: GiB }),
  [Symbol.asyncDispose]: async () => {},
}))

test('the mean rate of all calls together stays at the bound, each way by itself', async () => {
  const clock = testClock(new Date(0))
  const storage = throttled(memory(clock), clock, { uploadBytesPerSecond: 1000, downloadBytesPerSecond: 2000 })
  for (const seed of ['a', 'b', 'c']) await storage.put(idIn('data', seed), [Buffer.alloc(300), Buffer.alloc(200)])
  assert.equal(clock.monotonicMs(), 1500)
  await storage.get(idIn('data', 'a'))
  await storage.get(idIn('data', 'b'), { offset: 0, length: 100 })
  assert.equal(clock.monotonicMs(), 1500 + 250 + 50)
})

test('time in which nothing was sent is not saved up', async () => {
  const clock = testClock(new Date(0))
  const storage = throttled(memory(clock), clock, { uploadBytesPerSecond: 1000 })
  clock.advance(60_000)
  await storage.put(idIn('data', 'a'), [Buffer.alloc(500)])
  assert.equal(clock.monotonicMs(), 60_500)
})

test('an abort ends the waiting, and nothing was sent', async () => {
  const storage = throttled(memory(systemClock), systemClock, { uploadBytesPerSecond: 1 })
  const abort = new AbortController()
  const putting = storage.put(idIn('data', 'a'), [Buffer.alloc(1_000_000)], abort.signal)
  abort.abort()
  await assert.rejects(putting, (error) => isFault(error, 'CANCELLED'))
  assert.equal(await storage.stat(idIn('data', 'a')), undefined)
})
