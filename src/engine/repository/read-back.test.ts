import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { faulty, type Effect } from '#engine/storage/faulty.ts'
import { namesIn } from '#test/support/repository.ts'
import { openSmall, smallPassword, smallRepository, store } from '#test/support/small-repository.ts'
import { executeForget, planForget } from './forget.ts'
import { addKey, openKey, removeKey } from './keys.ts'

const isUntrue = (error: unknown) => isFault(error, 'STORAGE_UNTRUE')
const lies: readonly Effect[] = [{ lose: true }, { truncateTo: 20 }]

for (const folder of ['data', 'index', 'snapshots'] as const) {
  test(`INV-1 a file of ${folder} that the storage took and does not have, or has half of, fails the backup before it can be seen`, async () => {
    for (const lie of lies) {
      const { storage, clock } = await smallRepository()
      const lying = faulty(storage, [{ verb: 'put', folder, nth: 1, ...lie }])
      await using repository = await openSmall(lying, clock)
      await assert.rejects(store(repository, { file: 'content'.repeat(1000) }), isUntrue)
      lying.assertFired()
      assert.deepEqual(await namesIn(storage, 'snapshots'), [])
      // What was half there was taken away: it would be damage.
      for (const name of await namesIn(storage, folder)) assert.notEqual((await storage.get(name as `data/${string}`)).length, 20)
    }
  })
}

test('a password whose key the storage did not keep is not said to be added', async () => {
  for (const lie of lies) {
    const { storage, clock } = await smallRepository()
    const { key } = await openKey(storage, smallPassword)
    const lying = faulty(storage, [{ verb: 'put', folder: 'keys', nth: 1, ...lie }])
    await assert.rejects(addKey(lying, key, 'another password', { clock }), isUntrue)
    lying.assertFired()
    assert.equal((await namesIn(storage, 'keys')).length, 1)
  }
})

test('what the storage still lists was not removed, whatever it said', async () => {
  const { storage, clock } = await smallRepository()
  const { key, keyFileId } = await openKey(storage, smallPassword)
  await addKey(storage, key, 'another password', { clock })
  const losing = faulty(storage, [
    { verb: 'remove', folder: 'keys', nth: 1, lose: true },
    { verb: 'remove', folder: 'snapshots', nth: 1, lose: true },
  ])
  await assert.rejects(removeKey(losing, keyFileId), isUntrue)
  await using repository = await openSmall(losing, clock)
  for (const day of [1, 2])
    await store(repository, { day: `${day}` }, ['integrum', 'system=emr', 'type=full'], new Date(Date.UTC(2026, 1, day)))
  const plan = await planForget(repository, { kind: 'policy', policy: { last: 1 } })
  await assert.rejects(executeForget(repository, plan), isUntrue)
  losing.assertFired()
})
