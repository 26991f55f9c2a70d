import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { memory } from './memory.ts'
import { readonly } from './readonly.ts'
import { idIn } from './storage.suite.ts'

test('what would change the storage is refused with STORAGE_READONLY, and reading works', async () => {
  const clock = testClock(new Date('2026-01-01T00:00:00Z'))
  const inner = memory(clock)
  await inner.put(idIn('data', 'a'), [Buffer.from('abc')])
  const storage = readonly(inner, clock)
  const refused = [
    () => storage.create(),
    () => storage.put(idIn('data', 'b'), []),
    () => storage.remove(idIn('data', 'a')),
    () => storage.removeLeftovers(new Date(8.64e15)),
  ]
  for (const change of refused) await assert.rejects(change(), (error) => isFault(error, 'STORAGE_READONLY'))
  assert.equal((await storage.get(idIn('data', 'a'), { offset: 1, length: 2 })).toString(), 'bc')
  assert.equal((await storage.stat(idIn('data', 'a')))?.sizeBytes, 3)
  assert.equal((await Array.fromAsync(storage.list('data'))).length, 1)
  assert.deepEqual(await storage.now(), clock.now())
})
