import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock, testClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { memory } from './memory.ts'
import { idIn, storageSuite } from './storage.suite.ts'

storageSuite('memory', async () => ({ storage: memory(systemClock), [Symbol.asyncDispose]: async () => {} }))

test('a full memory is STORAGE_FULL, nothing of the file is kept, and removing frees its space', async () => {
  const storage = memory(testClock(new Date(0)), { capacityBytes: 10 })
  await storage.put(idIn('data', 'a'), [Buffer.alloc(6)])
  await assert.rejects(storage.put(idIn('data', 'b'), [Buffer.alloc(5)]), (error) => isFault(error, 'STORAGE_FULL'))
  assert.equal(await storage.stat(idIn('data', 'b')), undefined)
  assert.equal(await storage.freeBytes(), 4)
  await storage.remove(idIn('data', 'a'))
  await storage.put(idIn('data', 'b'), [Buffer.alloc(10)])
})
