import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock, testClock } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { systemRandom } from '#host/random.ts'
import { diskFull, faulty, networkDown, type Injection } from './faulty.ts'
import { memory } from './memory.ts'
import { retrying } from './retrying.ts'
import { idIn, storageSuite } from './storage.suite.ts'

storageSuite('retrying', async () => ({
  storage: retrying(memory(systemClock), systemClock, systemRandom),
  [Symbol.asyncDispose]: async () => {},
}))

test('a call that may succeed later is tried again, with longer and longer waits', async () => {
  const { storage, inner, clock } = broken([1, 2, 3].map((nth) => ({ verb: 'put', nth, fail: networkDown })))
  await storage.put(idIn('data', 'a'), [Buffer.from('x')])
  inner.assertFired()
  assert.equal((await storage.get(idIn('data', 'a'))).toString(), 'x')
  const doubledMs = limits.storageRetryDelayMs * (1 + 2 + 4)
  assert(clock.monotonicMs() >= doubledMs / 2 && clock.monotonicMs() <= doubledMs)
})

test('it gives up with the fault of the storage', async () => {
  const injections = Array.from(
    { length: limits.storageAttempts },
    (_, index) => ({ verb: 'get', nth: index + 1, fail: networkDown }) as const,
  )
  const { storage, inner } = broken(injections)
  await assert.rejects(storage.get(idIn('data', 'a')), (error) => error === networkDown)
  inner.assertFired()
})

test('a full disk and damage are passed on at once', async () => {
  for (const fail of [diskFull, new Fault('DAMAGE_PACK', 'short')]) {
    const { storage, inner, clock } = broken([{ verb: 'put', nth: 1, fail }])
    await assert.rejects(storage.put(idIn('data', 'a'), []), (error) => error === fail)
    inner.assertFired()
    assert.equal(clock.monotonicMs(), 0)
  }
})

test('INV-103 a put whose answer was lost is no conflict with itself, but one with other bytes is', async () => {
  const { storage, inner } = broken([{ verb: 'put', nth: 1, failAfter: networkDown }])
  await storage.put(idIn('data', 'a'), [Buffer.from('a'), Buffer.from('b')])
  inner.assertFired()
  const other = broken([{ verb: 'put', nth: 2, fail: networkDown }])
  await other.storage.put(idIn('data', 'a'), [Buffer.from('theirs')])
  await assert.rejects(other.storage.put(idIn('data', 'a'), [Buffer.from('ours')]), (error) => isFault(error, 'STORAGE_EXISTS'))
  other.inner.assertFired()
})

test('INV-105 a listing that breaks off is taken up again without repeating a file', async () => {
  const { storage, inner } = broken([{ verb: 'list', nth: 1, failAfter: networkDown }])
  for (const seed of ['a', 'b', 'c']) await storage.put(idIn('index', seed), [])
  const names = (await Array.fromAsync(storage.list('index'))).map((file) => file.name)
  inner.assertFired()
  assert.deepEqual(names.toSorted(), [idIn('index', 'a'), idIn('index', 'b'), idIn('index', 'c')].toSorted())
})

test('an abort ends the waiting', async () => {
  const abort = new AbortController()
  const { storage } = broken([{ verb: 'stat', nth: 1, hang: true }])
  const stat = storage.stat('config', abort.signal)
  abort.abort()
  await assert.rejects(stat, (error) => isFault(error, 'CANCELLED'))
})

function broken(injections: readonly Injection[]) {
  const clock = testClock(new Date(0))
  const inner = faulty(memory(clock), injections)
  return { clock, inner, storage: retrying(inner, clock, systemRandom) }
}
