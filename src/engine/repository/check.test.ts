import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { faulty, networkDown } from '#engine/storage/faulty.ts'
import { readonly } from '#engine/storage/readonly.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { addCheapKey, copyOf, flippedAt, namesOf, overwrite, smallRepository, store } from '#test/support/small-repository.ts'
import { checkOpened, type CheckOptions } from './check.ts'
import { coreOf } from './core.ts'
import { saveIndex } from './index-file.ts'
import { repack } from './repacking.ts'

const made = await smallRepository()
const whole = made.storage
const repository = await made.open()
await addCheapKey(whole, coreOf(repository).key, 'another password')
await store(repository, { a: 'hello', sub: { b: randomBytes(3_000_000), c: 'x'.repeat(100_000) } })
await store(repository, { a: 'hello', other: { d: randomBytes(200_000) } })
const core = coreOf(repository)

async function check(storage: Storage, depth: CheckOptions['depth'], options: Partial<CheckOptions> = {}) {
  return await checkOpened({ storage, key: core.key, clock: made.clock }, { depth, ...options })
}

const filesIn = async (folder: string) => (await namesOf(whole)).filter((name) => name.startsWith(`${folder}/`))
// Every kind of damage: test/broken/damages.ts.

test('INV-9 a whole repository has no findings, quick or full, and the report says what was looked at', async () => {
  for (const depth of ['quick', 'full'] as const) {
    const report = await check(whole, depth)
    assert.deepEqual(report.findings, [])
    assert.equal(report.isIntact, true)
    const packs = await filesIn('data')
    const packBytes = (await Promise.all(packs.map(async (name) => (await whole.stat(name))!.sizeBytes))).reduce(
      (sum, bytes) => sum + bytes,
      0,
    )
    assert.deepEqual(report.checked, {
      keys: 2,
      indexes: 2,
      snapshots: 2,
      trees: 4,
      packs: packs.length,
      blobs: core.index.blobCount,
      packBytes: depth === 'full' ? packBytes : 0,
    })
  }
  assert.deepEqual(await filesIn('locks'), [])
})

test('a pack under the name of another of the same size is found once every byte is read', async () => {
  const storage = await copyOf(whole, made.clock)
  const blob = [...core.index.blobs()].find((one) => one.type === 'data')!
  // The same blob sealed in the same size, but another file: as if one copy was mistaken for the other.
  const { packs } = await repack({ ...core, storage }, [blob], undefined)
  const { packs: others } = await repack({ ...core, storage }, [blob], undefined)
  await saveIndex({ ...core, storage }, packs)
  const [one, other] = [`data/${packs[0]!.id}`, `data/${others[0]!.id}`] as const
  const bytes = await storage.get(other)
  await overwrite(storage, one, () => bytes)
  assert.deepEqual((await check(storage, 'quick')).findings, [])
  assert.deepEqual(
    (await check(storage, 'full')).findings.map(({ code, name }) => [code, name]),
    [['DAMAGE_PACK', one]],
  )
})

test('every pack is in exactly one share of a full check, and damage is found in its own', async () => {
  const packs = (await filesIn('data')).map((name) => name.slice('data/'.length))
  const of = 5
  const shareOf = (pack: string) => (Number.parseInt(pack.slice(0, 8), 16) % of) + 1
  const storage = await copyOf(whole, made.clock)
  const damaged = packs[0]!
  await overwrite(storage, `data/${damaged}`, flippedAt(20))
  let readBytes = 0
  for (let share = 1; share <= of; share += 1) {
    const report = await check(storage, 'full', { share: { share, of } })
    readBytes += report.checked.packBytes
    const names = report.findings.map(({ name }) => name)
    assert.deepEqual(names, share === shareOf(damaged) ? [`data/${damaged}`] : [], `share ${share}`)
  }
  assert.equal(readBytes, (await check(whole, 'full')).checked.packBytes)
})

test('a storage that does not answer is its own fault, not damage', async () => {
  const duringList = faulty(whole, [{ verb: 'list', folder: 'index', nth: 1, fail: networkDown }])
  await assert.rejects(check(duringList, 'quick'), (error) => error === networkDown)
  duringList.assertFired()
  // The last pack that is read: all gets of a quick check come before, then one for each pack.
  const packs = (await filesIn('data')).length
  const duringPacks = faulty(whole, [{ verb: 'get', folder: 'data', nth: packs + 1, fail: networkDown }])
  await assert.rejects(check(duringPacks, 'full'), (error) => error === networkDown)
  duringPacks.assertFired()
  assert.deepEqual(await filesIn('locks'), [])
})

test('one wrong answer of a storage is damage while it lasts', async () => {
  const storage = faulty(whole, [{ verb: 'get', folder: 'snapshots', nth: 1, flipAt: 9 }])
  assert.deepEqual(
    (await check(storage, 'quick')).findings.map(({ code }) => code),
    ['DAMAGE_SNAPSHOT'],
  )
  storage.assertFired()
  assert.equal((await check(storage, 'quick')).isIntact, true)
})

test('a storage that may not be written is checked without a lock', async () => {
  const storage = readonly(whole, made.clock)
  await assert.rejects(check(storage, 'full'), (error) => isFault(error, 'STORAGE_READONLY'))
  assert.equal((await check(storage, 'full', { lock: 'none' })).isIntact, true)
})

test('an abort ends a check, with its lock released', async () => {
  const abort = new AbortController()
  const options: CheckOptions = { depth: 'full', onProgress: ({ stage }) => stage === 'packs' && abort.abort() }
  await assert.rejects(checkOpened({ storage: whole, key: core.key, clock: made.clock }, options, abort.signal), (error) =>
    isFault(error, 'CANCELLED'),
  )
  assert.deepEqual(await filesIn('locks'), [])
})
