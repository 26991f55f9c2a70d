import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { FaultCode } from '#base/fault-codes.ts'
import { isFault } from '#base/fault.ts'
import type { BlobId, PackId } from '#base/ids.ts'
import { faulty, networkDown } from '#engine/storage/faulty.ts'
import { readonly } from '#engine/storage/readonly.ts'
import type { Storage, StorageName } from '#engine/storage/storage.ts'
import { addCheapKey, copyOf, namesOf, overwrite, smallPassword, smallRepository, store } from '#test/support/small-repository.ts'
import { checkOpened, checkRepository, type CheckOptions } from './check.ts'
import { coreOf } from './core.ts'
import { saveDocument } from './document.ts'
import { saveIndex } from './index-file.ts'
import type { PackedBlob } from './pack.ts'
import { repack } from './repacking.ts'
import { encodeSnapshot } from './snapshot.ts'

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

/** A damaged copy, and the findings that each depth must name: code and file. */
async function expectFindings(
  damage: (storage: Storage) => Promise<void>,
  expected: { quick: readonly (readonly [FaultCode, StorageName])[]; full?: readonly (readonly [FaultCode, StorageName])[] },
): Promise<void> {
  const storage = await copyOf(whole, made.clock)
  await damage(storage)
  for (const depth of ['quick', 'full'] as const) {
    const report = await check(storage, depth)
    const wanted = (depth === 'full' && expected.full) || expected.quick
    assert.deepEqual(
      report.findings.map(({ code, name }) => `${code} ${name}`).toSorted(),
      wanted.map(([code, name]) => `${code} ${name}`).toSorted(),
      depth,
    )
    assert.equal(report.isIntact, wanted.length === 0)
    assert.equal(report.findingCount, wanted.length)
  }
}

const filesIn = async (folder: string) => (await namesOf(whole)).filter((name) => name.startsWith(`${folder}/`))
const flip = (at: number) => (bytes: Buffer) => {
  bytes[at < 0 ? bytes.length + at : at]! ^= 0x04
  return bytes
}
/** The pack that holds the content of the large file. */
const dataPack = (): PackId => [...core.index.blobs()].find((blob) => blob.type === 'data' && blob.plainSizeBytes > 300_000)!.packId
const treePack = (): PackId => [...core.index.blobs()].find((blob) => blob.type === 'tree')!.packId

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

test('a flipped bit in the config is DAMAGE_CONFIG', async () => {
  await expectFindings((storage) => overwrite(storage, 'config', flip(20)), { quick: [['DAMAGE_CONFIG', 'config']] })
})

test('a missing config is DAMAGE_CONFIG', async () => {
  await expectFindings((storage) => storage.remove('config'), { quick: [['DAMAGE_CONFIG', 'config']] })
})

test('a flipped bit in a key file is DAMAGE_KEY: a finding as long as the password opens another', async () => {
  const [one, other] = await filesIn('keys')
  const ends = []
  for (const key of [one!, other!]) {
    const storage = await copyOf(whole, made.clock)
    await overwrite(storage, key, flip(40))
    const checking = checkRepository({ storage, password: smallPassword, clock: made.clock }, { depth: 'quick' })
    ends.push(
      await checking.then(
        (report) => report.findings.map(({ code, name }) => `${code} ${name === key}`).join(),
        (error: unknown) => (isFault(error) ? error.code : ''),
      ),
    )
  }
  // The one that this password opens is not to be replaced by the other: then nothing can be looked at.
  assert.deepEqual(ends.toSorted(), ['DAMAGE_KEY', 'DAMAGE_KEY true'])
})

test('a flipped bit in a snapshot is DAMAGE_SNAPSHOT', async () => {
  const [name] = await filesIn('snapshots')
  await expectFindings((storage) => overwrite(storage, name!, flip(30)), { quick: [['DAMAGE_SNAPSHOT', name!]] })
})

test('a flipped bit in an index file is DAMAGE_INDEX, and what only it named is missing', async () => {
  const storage = await copyOf(whole, made.clock)
  const [name] = await filesIn('index')
  await overwrite(storage, name!, flip(-1))
  const report = await check(storage, 'quick')
  assert(report.findings.some((finding) => finding.code === 'DAMAGE_INDEX' && finding.name === name))
})

test('a missing index file is named as such, with the packs that it named', async () => {
  for (const name of await filesIn('index')) {
    const storage = await copyOf(whole, made.clock)
    await storage.remove(name)
    const { findings, orphanPacks } = await check(storage, 'quick')
    const lost = findings.filter((finding) => finding.code === 'DAMAGE_INDEX')
    assert(
      lost.length > 0 && lost.every((finding) => finding.name.startsWith('data/') && finding.fact.includes('an index file is missing')),
    )
    assert(lost.length <= orphanPacks)
  }
})

test('a missing pack is DAMAGE_MISSING_PACK', async () => {
  const name: StorageName = `data/${dataPack()}`
  await expectFindings((storage) => storage.remove(name), { quick: [['DAMAGE_MISSING_PACK', name]] })
})

test('a truncated pack is DAMAGE_PACK, by its size alone', async () => {
  const name: StorageName = `data/${dataPack()}`
  await expectFindings((storage) => overwrite(storage, name, (bytes) => bytes.subarray(0, -1)), { quick: [['DAMAGE_PACK', name]] })
})

test('a flipped bit in a pack of content is DAMAGE_PACK once every byte is read', async () => {
  const name: StorageName = `data/${dataPack()}`
  for (const at of [0, 100, 1_000_000, -1, -40]) {
    await expectFindings((storage) => overwrite(storage, name, flip(at)), { quick: [], full: [['DAMAGE_PACK', name]] })
  }
})

test('a flipped bit in a tree is DAMAGE_TREE at once', async () => {
  const name: StorageName = `data/${treePack()}`
  const storage = await copyOf(whole, made.clock)
  await overwrite(storage, name, flip(20))
  for (const depth of ['quick', 'full'] as const) {
    const [finding] = (await check(storage, depth)).findings
    assert.deepEqual([finding?.code, finding?.name], ['DAMAGE_TREE', name])
  }
})

test('two packs with swapped names are both found', async () => {
  const [one, other] = [`data/${dataPack()}`, `data/${treePack()}`] as const
  const storage = await copyOf(whole, made.clock)
  const bytes = await storage.get(one)
  await overwrite(storage, one, () => Buffer.from([]))
  await storage.remove(one)
  await storage.put(one, [await storage.get(other)])
  await overwrite(storage, other, () => bytes)
  const { findings } = await check(storage, 'quick')
  for (const name of [one, other]) assert(findings.some((finding) => finding.name === name && finding.code === 'DAMAGE_PACK'))
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

test('a snapshot without its tree is DAMAGE_TREE', async () => {
  const storage = await copyOf(whole, made.clock)
  const tree = createHash('sha256').update('nowhere').digest('hex') as BlobId
  const plain = { time: made.clock.now(), tree, paths: [], hostname: '', username: '', tags: [], uid: 0, gid: 0 }
  const id = await saveDocument({ ...core, storage }, 'snapshots', encodeSnapshot(plain))
  const { findings } = await check(storage, 'quick')
  assert.deepEqual(
    findings.map(({ code, name }) => [code, name]),
    [['DAMAGE_TREE', `snapshots/${id}`]],
  )
})

test('an index that lies about a pack is found by its size, or once every byte is read', async () => {
  const storage = await copyOf(whole, made.clock)
  const blob = [...core.index.blobs()].find((one) => one.type === 'data')!
  const { packs } = await repack({ ...core, storage }, [blob])
  const lie: PackedBlob = { ...packs[0]!.blobs[0]!, id: createHash('sha256').update('lie').digest('hex') as BlobId }
  await saveIndex({ ...core, storage }, [{ id: packs[0]!.id, blobs: [lie] }])
  const { findings } = await check(storage, 'full')
  assert.deepEqual(
    findings.map(({ code, name }) => [code, name]),
    [['DAMAGE_PACK', `data/${packs[0]!.id}`]],
  )
  assert.match(findings[0]!.fact, /1 of its 1 blobs are not what their names say/)
})

test('packs that no index names are harmless and counted', async () => {
  const storage = await copyOf(whole, made.clock)
  const blob = [...core.index.blobs()].find((one) => one.type === 'data')!
  await repack({ ...core, storage }, [blob])
  const report = await check(storage, 'full')
  assert.deepEqual([report.findings, report.orphanPacks], [[], 1])
  assert(report.orphanBytes > 0)
})

test('a wrong password is REPOSITORY_PASSWORD, and no repository is REPOSITORY_NOT_FOUND', async () => {
  const checkWith = (storage: Storage, password: string) => checkRepository({ storage, password, clock: made.clock }, { depth: 'quick' })
  await assert.rejects(checkWith(whole, 'wrong horse'), (error) => isFault(error, 'REPOSITORY_PASSWORD'))
  const storage = await copyOf(whole, made.clock)
  for (const key of await filesIn('keys')) await storage.remove(key)
  await assert.rejects(checkWith(storage, smallPassword), (error) => isFault(error, 'REPOSITORY_NOT_FOUND'))
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
