import { test } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { systemRandom } from '#host/random.ts'
import { backUp, namesIn, newRepository, reopen, restored, testPassword } from '#test/support/repository.ts'
import { flippedAt, overwrite } from '#test/support/small-repository.ts'
import { memory } from '#engine/storage/memory.ts'
import type { StorageName } from '#engine/storage/storage.ts'
import { createRepository } from './create.ts'
import { openKey } from './keys.ts'
import { openRepository } from './open.ts'
import { seal, unseal } from './seal.ts'

const options = { clock: systemClock, random: systemRandom }
const level = { compressionLevel: 1 }

test('a place without a repository, a wrong password and another format are told apart', async () => {
  const storage = memory(systemClock)
  await assert.rejects(openRepository(storage, testPassword, options), (error) => isFault(error, 'REPOSITORY_NOT_FOUND'))
  await createRepository(storage, testPassword, options)
  await assert.rejects(openRepository(storage, 'not the password', options), (error) => isFault(error, 'REPOSITORY_PASSWORD'))
  const { key } = await openKey(storage, testPassword)
  const config = unseal(key, await storage.get('config'))!.toString('utf8')
  await storage.remove('config')
  await storage.put('config', [seal(key, Buffer.from(config.replace('"version":2', '"version":1')))])
  await assert.rejects(openRepository(storage, testPassword, options), (error) => isFault(error, 'REPOSITORY_VERSION'))
  await storage.remove('config')
  await storage.put('config', [Buffer.from('rubbish')])
  await assert.rejects(openRepository(storage, testPassword, options), (error) => isFault(error, 'DAMAGE_CONFIG'))
})

test('a repository is never made where one, or a part of one, is', async () => {
  const storage = memory(systemClock)
  await createRepository(storage, testPassword, options)
  await assert.rejects(createRepository(storage, testPassword, options), (error) => isFault(error, 'REPOSITORY_EXISTS'))
  await storage.remove('config')
  await assert.rejects(createRepository(storage, testPassword, options), (error) => isFault(error, 'REPOSITORY_EXISTS'))
})

test('an altered index or snapshot is damage that is named, and other snapshots are still there', async () => {
  const storage = memory(systemClock)
  {
    await using repository = await newRepository(storage)
    await repository.write(level, (session) => backUp(session, { a: Buffer.from('a') }))
    await repository.write(level, (session) => backUp(session, { b: Buffer.from('b') }))
  }
  const alter = async (name: string) => await overwrite(storage, name as StorageName, flippedAt(20))
  const [snapshot, other] = await namesIn(storage, 'snapshots')
  await alter(snapshot!)
  {
    await using repository = await reopen(storage)
    const { whole, damaged } = await repository.listSnapshots()
    assert.deepEqual([whole.map(({ id }) => `snapshots/${id}`), await repository.snapshots()], [[other], whole])
    assert.deepEqual(
      damaged.map(({ id, fault }) => [`snapshots/${id}`, fault.code]),
      [[snapshot, 'DAMAGE_SNAPSHOT']],
    )
  }
  for (const index of await namesIn(storage, 'index')) await alter(index)
  await assert.rejects(reopen(storage), (error) => isFault(error, 'DAMAGE_INDEX'))
  // Who wants to take out what is whole is told once, and what the index named cannot be read.
  const told: string[] = []
  await using repository = await openRepository(storage, testPassword, { ...options, onDamagedIndex: (fault) => told.push(fault.code) })
  await repository.refreshIndex()
  assert.deepEqual(told, ['DAMAGE_INDEX', 'DAMAGE_INDEX'])
  const [{ tree } = { tree: undefined }] = await repository.snapshots()
  await assert.rejects(repository.tree(tree!), (error) => isFault(error, 'DAMAGE_TREE'))
})

test('what another program wrote meanwhile is seen under the lock, and a rewritten index is read anew', async () => {
  const storage = memory(systemClock)
  await using one = await newRepository(storage)
  await using two = await reopen(storage)
  const bytes = Buffer.from('written by another program')
  await two.write(level, (session) => backUp(session, { bytes }))
  await one.write(level, async (session) => {
    await session.content([bytes])
    assert.equal(session.statistics.newBlobs, 0)
  })
  await one.reading(async () => assert.deepEqual(await restored(one), { bytes }))
  for (const name of await namesIn(storage, 'index')) await storage.remove(name as StorageName)
  await one.refreshIndex()
  const tree = (await one.snapshots())[0]!.tree
  await assert.rejects(one.tree(tree), (error) => isFault(error, 'DAMAGE_TREE'))
})

test('deleting waits until nobody reads or writes: the exclusive lock is refused while a shared one stands', async () => {
  await using repository = await newRepository(memory(systemClock))
  await repository.reading(async () => {
    await assert.rejects(
      repository.exclusively(async () => {}),
      (error) => isFault(error, 'REPOSITORY_LOCKED'),
    )
  })
  await repository.exclusively(async (lease) => lease.confirm())
})
