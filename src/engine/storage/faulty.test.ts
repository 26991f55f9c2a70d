import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { diskFull, faulty, networkDown } from './faulty.ts'
import { memory } from './memory.ts'
import { idIn, storageSuite } from './storage.suite.ts'

storageSuite('faulty without a fault', async () => ({ storage: faulty(memory(systemClock), []), [Symbol.asyncDispose]: async () => {} }))

const [a, b] = [idIn('data', 'a'), idIn('data', 'b')]

test('a fault that never fired fails the test', async () => {
  const storage = faulty(memory(systemClock), [{ verb: 'put', nth: 2, fail: diskFull }])
  await storage.put(a, [])
  assert.equal(storage.hasFired, false)
  assert.throws(() => storage.assertFired(), /never fired: fail at call 2 of put/)
  await assert.rejects(storage.put(b, []), (error) => error === diskFull)
  storage.assertFired()
})

test('calls are counted by verb and folder', async () => {
  const storage = faulty(memory(systemClock), [{ verb: 'write', nth: 2, folder: 'index', fail: diskFull }])
  await storage.put(a, [])
  await storage.put(idIn('index', 'a'), [])
  await storage.remove(a)
  await assert.rejects(storage.remove(idIn('index', 'a')), (error) => error === diskFull)
  storage.assertFired()
})

test('each kind of fault does what it says', async () => {
  const storage = faulty(memory(systemClock), [
    { verb: 'put', nth: 1, lose: true },
    { verb: 'put', nth: 2, truncateTo: 2 },
    { verb: 'put', nth: 3, flipAt: 0 },
    { verb: 'put', nth: 4, failAfter: networkDown },
    { verb: 'get', nth: 2, flipAt: 1 },
    { verb: 'remove', nth: 1, lose: true },
  ])
  const abc = [Buffer.from('a'), Buffer.from('bc')]
  await storage.put(a, abc)
  assert.equal(await storage.stat(a), undefined)
  await storage.put(a, abc)
  assert.equal((await storage.get(a)).toString(), 'ab')
  await storage.put(b, abc)
  assert.equal((await storage.get(b)).toString(), 'qrc')
  await assert.rejects(storage.put('config', abc), (error) => error === networkDown)
  assert.equal((await storage.get('config')).toString(), 'abc')
  await storage.remove('config')
  assert.equal((await storage.stat('config'))?.sizeBytes, 3)
  storage.assertFired()
})

test('a hung call ends with its signal, and after a crash nothing is carried out', async () => {
  const inner = memory(systemClock)
  const storage = faulty(inner, [
    { verb: 'get', nth: 1, hang: true },
    { verb: 'put', nth: 1, crash: true },
  ])
  const abort = new AbortController()
  const getting = storage.get(a, undefined, abort.signal)
  abort.abort()
  await assert.rejects(getting, (error) => isFault(error, 'CANCELLED'))
  for (let attempt = 0; attempt < 2; attempt += 1) await assert.rejects(storage.put(a, []), /the machine is dead/)
  await assert.rejects(storage.stat(a), /the machine is dead/)
  await assert.rejects(Array.fromAsync(storage.list('data')), /the machine is dead/)
  assert.equal(await inner.stat(a), undefined)
  storage.assertFired()
})
