import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { checkRepository } from '#engine/repository/check.ts'
import { executeForget, planForget } from '#engine/repository/forget.ts'
import { executePrune } from '#engine/repository/prune.ts'
import { planPrune } from '#engine/repository/prune-plan.ts'
import type { RepairOptions, RepairPlace } from '#engine/repository/repair-plan.ts'
import { executeRepair, planRepair } from '#engine/repository/repair.ts'
import { faulty, networkDown } from '#engine/storage/faulty.ts'
import type { Storage, StorageName } from '#engine/storage/storage.ts'
import { systemRandom } from '#host/random.ts'
import { namesOf, openSmall, overwrite, smallPassword, store } from '#test/support/small-repository.ts'
import { damages } from './damages.ts'
import { bytesOfSeed, copied, dyingAt, plantSnapshot, soundExhibit, takeOut } from './exhibit.ts'

const exhibit = await soundExhibit()
const placeOf = (storage: Storage): RepairPlace => ({ storage, password: smallPassword, clock: exhibit.clock, random: systemRandom })
const quickWithGaps: RepairOptions = { depth: 'quick', withGaps: true }

/** The pack with `sub/b` and `sub/c` ends within `sub/b`: both are lost, the file that both backups share is not. */
async function cutOff(): Promise<Storage> {
  const storage = await copied(exhibit)
  const { offset } = exhibit.blobOf('first: sub/b')
  await overwrite(storage, `data/${exhibit.packOf('first: sub/b')}`, (bytes) => bytes.subarray(0, offset + 500))
  return storage
}

async function made(title: string): Promise<Storage> {
  const storage = await copied(exhibit)
  await damages.find((damage) => damage.title === title)!.make(storage, exhibit)
  return storage
}

async function repaired(storage: Storage, options: RepairOptions) {
  const plan = await planRepair(placeOf(storage), options)
  return { plan, result: await executeRepair(placeOf(storage), plan) }
}

test('INV-18 what is lost is named for each backup, the backup stays, and the rest of it is written beside it as a snapshot with gaps', async () => {
  const storage = await cutOff()
  const { plan, result } = await repaired(storage, quickWithGaps)
  assert.deepEqual(
    plan.damagedBackups.map(({ snapshot, losses }) => [snapshot.id, losses.count, losses.first]),
    [
      [
        exhibit.first,
        2,
        [
          { path: 'sub/b', kind: 'file', sizeBytes: 400_000 },
          { path: 'sub/c', kind: 'file', sizeBytes: 100_000 },
        ],
      ],
    ],
  )
  assert.deepEqual(
    plan.lostBlobs.first.map(({ id }) => id).toSorted(),
    ['first: sub/b', 'first: sub/c'].map((file) => exhibit.blobOf(file).id).toSorted(),
  )
  assert.deepEqual(
    result.writtenSnapshots.map(({ of }) => of),
    [exhibit.first],
  )
  const { whole } = await takeOut(exhibit, storage)
  assert.deepEqual([...whole.keys()].toSorted(), ['first: a', 'other: GAPS.txt', 'other: a', 'second: a', 'second: other/d'])
  const repository = await openSmall(storage, exhibit.clock)
  const beside = (await repository.snapshots()).find(({ id }) => id === result.writtenSnapshots[0]!.snapshot)!
  assert.deepEqual(beside.tags, ['gaps', `whole-of=${exhibit.first}`])
  const gaps = (await repository.tree(beside.tree)).find(({ name }) => name === 'GAPS.txt')!
  const text = Buffer.concat(await Array.fromAsync(repository.read(gaps.content!))).toString()
  assert.match(text, /2 things were lost.*\nfile sub\/b \(400000 bytes\)\nfile sub\/c/)
  await repository[Symbol.asyncDispose]()
  assert.deepEqual((await planRepair(placeOf(storage), quickWithGaps)).decisions, [], 'it is written once')
})

test('INV-18 the next backup of the same content brings back what was lost, in the old backups, too', async () => {
  const storage = await cutOff()
  await repaired(storage, { depth: 'full' })
  {
    await using repository = await openSmall(storage, exhibit.clock)
    await store(repository, { sub: { b: bytesOfSeed('b', 400_000), c: 'x'.repeat(100_000) } })
  }
  assert.deepEqual((await checkRepository(placeOf(storage), { depth: 'full' })).findings, [])
  const { whole } = await takeOut(exhibit, storage)
  for (const [file, hash] of exhibit.contents) assert.equal(whole.get(file), hash)
})

test('INV-17 a machine that dies at any step of a repair takes nothing away that could be read, and the next repair finishes', async () => {
  const files = [...exhibit.contents.keys()]
  const cases = [
    { make: cutOff, after: ['first: a', 'second: a', 'second: other/d'] },
    { make: () => made('two packs that exchanged their content'), after: files },
    { make: () => made('a pack under another name'), after: files },
    { make: () => made('a missing index file'), after: files },
    { make: () => made('two snapshots that exchanged their content'), after: files },
  ]
  for (const { make, after } of cases) {
    let steps = 0
    for (let isDone = false; !isDone; steps += 1) {
      const storage = await make()
      const before = await takeOut(exhibit, storage)
      const plan = await planRepair(placeOf(storage), quickWithGaps)
      const dying = dyingAt(storage, steps + 1)
      const end = await executeRepair(placeOf(dying), plan).then(
        () => 'done',
        (error: unknown) => (isFault(error) ? error.code : error),
      )
      // The last step takes the lock away; without it all is done nevertheless.
      isDone = end === 'done'
      assert.equal(end, dying.hasFired && !isDone ? 'STORAGE_DENIED' : 'done')
      // The dead one's lock stands until it is stale.
      exhibit.clock.advance(limits.lockStaleAfterMs + 1)
      const between = await takeOut(exhibit, storage)
      for (const [file, hash] of before.whole) assert.equal(between.whole.get(file), hash, `${file} after ${steps} steps`)
      if (isDone) continue
      await repaired(storage, quickWithGaps)
      assert.ok((await Array.fromAsync(storage.list('snapshots'))).length <= 3, 'no snapshot is stored twice')
      const { whole } = await takeOut(exhibit, storage)
      assert.deepEqual(files.filter((file) => whole.has(file)).toSorted(), after.toSorted(), `after ${steps} steps and another repair`)
    }
    assert.ok(steps >= 3, `${steps} steps`)
  }
})

test('INV-17 a copy that does not read back as it was written ends the repair before anything is removed', async () => {
  for (const folder of ['data', 'damaged'] as const) {
    const storage = await cutOff()
    const plan = await planRepair(placeOf(storage), quickWithGaps)
    const before = await namesOf(storage)
    const lying = faulty(storage, [{ verb: 'put', folder, nth: 1, flipAt: 5 }])
    await assert.rejects(executeRepair(placeOf(lying), plan), (error) => isFault(error, 'STORAGE_UNTRUE'))
    lying.assertFired()
    const now = new Set(await namesOf(storage))
    assert.deepEqual(
      before.filter((name) => !now.has(name)),
      [],
    )
  }
})

test('INV-16 a repair refuses a plan of another state, and a storage that fails is not damage', async () => {
  const storage = await cutOff()
  const plan = await planRepair(placeOf(storage), { depth: 'quick' })
  await plantSnapshot(exhibit, storage, { tree: exhibit.blobsIn(exhibit.treePackOf(exhibit.second))[1]!.id, at: '2026-03-04T12:00:00Z' })
  const before = await namesOf(storage)
  await assert.rejects(executeRepair(placeOf(storage), plan), (error) => isFault(error, 'PLAN_STALE'))
  const failing = faulty(storage, [{ verb: 'get', folder: 'data', nth: 1, fail: networkDown }])
  await assert.rejects(planRepair(placeOf(failing), { depth: 'quick' }), (error) => error === networkDown)
  failing.assertFired()
  assert.deepEqual(await namesOf(storage), before)
})

test('INV-16 while a backup runs nothing is repaired; while nothing is wrong nothing is done', async () => {
  const storage = await cutOff()
  const plan = await planRepair(placeOf(storage), { depth: 'quick' })
  const repository = await openSmall(storage, exhibit.clock)
  await repository.reading(async () => {
    await assert.rejects(executeRepair(placeOf(storage), plan), (error) => isFault(error, 'REPOSITORY_LOCKED'))
  })
  await repository[Symbol.asyncDispose]()
  const sound = await copied(exhibit)
  const before = await namesOf(sound)
  const { plan: nothing, result } = await repaired(sound, quickWithGaps)
  assert.deepEqual([nothing.decisions, nothing.lostBlobs.count, nothing.damagedBackups, result.newIndexes], [[], 0, [], 0])
  assert.deepEqual(await namesOf(sound), before)
})

test('INV-12 a damaged backup keeps prune from working until it is forgotten; then everything is clean', async () => {
  const storage = await cutOff()
  await repaired(storage, { depth: 'quick' })
  await using repository = await openSmall(storage, exhibit.clock)
  await assert.rejects(planPrune(repository), (error) => isFault(error, 'DAMAGE_BLOB'))
  await executeForget(repository, await planForget(repository, { kind: 'chosen', snapshots: [exhibit.first] }))
  await executePrune(repository, await planPrune(repository))
  assert.deepEqual((await checkRepository(placeOf(storage), { depth: 'full' })).findings, [])
  const { whole } = await takeOut(exhibit, storage)
  assert.deepEqual([...whole.keys()].toSorted(), ['second: a', 'second: other/d'])
})

test('INV-17 what is taken away is kept below damaged/, byte for byte, with its old name', async () => {
  const storage = await made('a flipped bit in a snapshot')
  const name: StorageName = `snapshots/${exhibit.first}`
  const bytes = await storage.get(name)
  const { result } = await repaired(storage, { depth: 'quick' })
  assert.deepEqual(
    result.setAside.map((kept) => kept.slice(0, -16)),
    [`damaged/snapshots-${exhibit.first}-`],
  )
  assert.ok((await storage.get(result.setAside[0]!)).equals(bytes))
  assert.equal(await storage.stat(name), undefined)
})
