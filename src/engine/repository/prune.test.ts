import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { testClock } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import type { SnapshotId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { durations } from '#base/units.ts'
import { diskFull, faulty } from '#engine/storage/faulty.ts'
import { marksFolder, type Storage } from '#engine/storage/storage.ts'
import {
  contentsOf,
  copyOf,
  flippedAt,
  namesOf,
  openSmall,
  overwrite,
  smallRepository,
  store,
  type Folder,
  type SmallClock,
} from '#test/support/small-repository.ts'
import { checkOpened } from './check.ts'
import { coreOf } from './core.ts'
import { indexFileIds, saveIndex } from './index-file.ts'
import { executePrune, spaceNotice } from './prune.ts'
import { planPrune, type PackAct, type PruneOptions } from './prune-plan.ts'
import { repack } from './repacking.ts'
import type { Repository } from './repository.ts'

/** Bytes that do not compress and are always the same. */
function noise(seed: string, sizeBytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(sizeBytes / 32) }, (_, at) => createHash('sha256').update(`${seed} ${at}`).digest())
  return Buffer.concat(blocks).subarray(0, sizeBytes)
}

const shared = noise('shared', 60_000)
const first: Folder = { shared, old: noise('old', 90_000), sub: { old: noise('older', 30_000) } }
const second: Folder = { shared, fresh: noise('fresh', 20_000) }

/**
 * Two backups that share a file, the older one forgotten: a pack with waste (shared, old, older), its trees that nobody
 * needs, and two packs of the newer backup.
 */
async function withWaste() {
  const small = await smallRepository()
  const repository = await small.open()
  const gone = await store(repository, first)
  await mergePacks(repository)
  const stays = await store(repository, second)
  const content = await contentsOf(repository, await treeOf(repository, stays))
  const forgotten = await small.storage.get(`snapshots/${gone}`)
  await small.storage.remove(`snapshots/${gone}`)
  const bringBack = () => small.storage.put(`snapshots/${gone}`, [forgotten])
  return { ...small, repository, gone, stays, content, bringBack }
}

/** Which thread seals which blob is chance; afterwards there is one pack of content and one of trees. */
async function mergePacks(repository: Repository): Promise<void> {
  const core = coreOf(repository)
  const old = [
    ...(await indexFileIds(core)).map((id) => `index/${id}` as const),
    ...[...core.index.packIds()].map((id) => `data/${id}` as const),
  ]
  const { packs } = await repack(core, core.index.blobs())
  await saveIndex(core, packs)
  for (const name of old) await core.storage.remove(name)
  await repository.refreshIndex()
}

async function treeOf(repository: Repository, id: SnapshotId) {
  const snapshot = (await repository.snapshots()).find((one) => one.id === id)
  assert.ok(snapshot)
  return snapshot.tree
}

const prune = async (repository: Repository, options?: PruneOptions) => await executePrune(repository, await planPrune(repository, options))

async function counts(repository: Repository, options?: PruneOptions): Promise<Partial<Record<PackAct, number>>> {
  const { decisions } = await planPrune(repository, options)
  assert(decisions.every((decision) => decision.reason.length > 0))
  return Object.fromEntries(Object.entries(Object.groupBy(decisions, ({ act }) => act)).map(([act, all]) => [act, all.length]))
}

async function assertWhole(
  repository: Repository,
  storage: Storage,
  expected: { stays: SnapshotId; content: Map<string, string> },
): Promise<void> {
  const core = coreOf(repository)
  const report = await checkOpened({ storage, key: core.key, clock: core.clock }, { depth: 'full' })
  assert.deepEqual(report.findings, [])
  await repository.refreshIndex()
  assert.deepEqual(await contentsOf(repository, await treeOf(repository, expected.stays)), expected.content)
}

test('planning only reads', async () => {
  const { repository, storage } = await withWaste()
  const before = await namesOf(storage)
  await planPrune(repository)
  assert.deepEqual(await namesOf(storage), before)
})

test('INV-13 SAFETY rule 26 packs are marked first and deleted by a prune after the grace period; the waste is gone, the rest is whole', async () => {
  const made = await withWaste()
  const { repository, storage, clock } = made
  assert.deepEqual(await counts(repository), { repack: 1, mark: 1, keep: 2 })
  const marking = await prune(repository)
  assert.deepEqual(
    [marking.markedPacks, marking.repackedPacks, marking.newPacks, marking.deletedPacks, marking.freedBytes],
    [2, 1, 1, 0, 0],
  )
  await assertWhole(repository, storage, made)

  clock.advance(limits.pruneGraceMs - durations.minute)
  assert.deepEqual(await counts(repository), { wait: 2, keep: 3 })
  assert.equal((await prune(repository)).deletedPacks, 0)
  clock.advance(durations.minute)
  assert.deepEqual(await counts(repository), { delete: 2, keep: 3 })
  const deleting = await prune(repository)
  assert.equal(deleting.deletedPacks, 2)
  assert.equal(deleting.freedBytes, deleting.deletedBytes)
  assert(deleting.deletedBytes > 180_000)
  await assertWhole(repository, storage, made)
  assert.deepEqual(await Array.fromAsync(storage.list(marksFolder)), [])
  assert.deepEqual(await counts(repository), { keep: 3 })
  const packedBytes = (await Array.fromAsync(storage.list('data'))).reduce((sum, file) => sum + file.sizeBytes, 0)
  assert(packedBytes < 60_000 + 20_000 + 5_000)
})

test('a shorter grace can be stated, down to none: then two prunes in a row delete', async () => {
  const { repository } = await withWaste()
  await prune(repository, { graceMs: 0 })
  assert.equal((await prune(repository, { graceMs: 0 })).deletedPacks, 2)
})

test('a pack with little waste is left as it is', async () => {
  const { repository } = await withWaste()
  assert.deepEqual(await counts(repository, { wasteShareMax: 0.9 }), { mark: 1, keep: 3 })
})

test('SAFETY rule 26 a marked pack that a backup needs again is not deleted', async () => {
  const made = await withWaste()
  const { repository, storage, clock } = made
  await prune(repository)
  // A writer that had lost its lock finishes only now: its snapshot names what is marked.
  await made.bringBack()
  clock.advance(2 * limits.pruneGraceMs)
  const { unmark = 0, delete: deleted = 0 } = await counts(repository, { wasteShareMax: 1 })
  assert.deepEqual([unmark, deleted], [2, 0])
  assert.equal((await prune(repository, { wasteShareMax: 1 })).unmarkedPacks, 2)
  assert.deepEqual(await Array.fromAsync(storage.list(marksFolder)), [])
  assert.equal((await contentsOf(repository, await treeOf(repository, made.gone))).size, 3)
  await assertWhole(repository, storage, made)
})

test('SAFETY rule 26 a backup relies on no marked pack: it writes what it needs anew', async () => {
  const { repository, storage, clock } = await withWaste()
  await prune(repository)
  const marked = new Set((await Array.fromAsync(storage.list(marksFolder))).map((file) => file.name.slice(marksFolder.length + 1)))
  const again = await store(repository, first)
  const content = await contentsOf(repository, await treeOf(repository, again))
  // The blobs of `old` stand in a marked pack and in a new one; `shared` only in the copy that the prune made.
  const { index } = coreOf(repository)
  for (const blob of index.blobs()) assert(index.findAll(blob.type, blob.id).some(({ packId }) => !marked.has(packId)))
  clock.advance(limits.pruneGraceMs)
  assert.equal((await prune(repository)).deletedPacks, 2)
  await assertWhole(repository, storage, { stays: again, content })
})

test('a process that backed up before another pruned does not go on by its old index', async () => {
  const made = await withWaste()
  await store(made.repository, { more: 'more' })
  await using other = await made.open()
  for (const _ of ['mark', 'delete']) await prune(other, { graceMs: 0 })
  await store(made.repository, first)
  await assertWhole(made.repository, made.storage, made)
})

test('SAFETY rule 26 a snapshot that appears during the prune stops it before anything is deleted', async () => {
  const made = await withWaste()
  await prune(made.repository, { graceMs: 0 })
  const plan = await planPrune(made.repository, { graceMs: 0 })
  assert.equal(plan.decisions.filter(({ act }) => act === 'delete').length, 2)
  // Packs are listed after the snapshots: there another program, which knows no lock of ours, finishes its backup.
  const storage: Storage = {
    ...made.storage,
    async *list(folder, signal) {
      if (folder === 'data') await made.bringBack()
      yield* made.storage.list(folder, signal)
    },
  }
  await using repository = await openSmall(storage, made.clock)
  await assert.rejects(executePrune(repository, plan), (error) => isFault(error, 'PLAN_STALE') && error.message.includes('appeared'))
  assert.equal((await Array.fromAsync(made.storage.list('data'))).length, 5)
  assert.equal((await contentsOf(made.repository, await treeOf(made.repository, made.gone))).size, 3)
})

test('SAFETY rule 26 a prune whose lock was taken away deletes nothing', async () => {
  const made = await withWaste()
  await prune(made.repository, { graceMs: 0 })
  const storage: Storage = {
    ...made.storage,
    // What `restic unlock` of another machine does, at the worst moment: the old index is gone, the packs are next.
    async remove(name, signal) {
      await made.storage.remove(name, signal)
      if (name.startsWith('index/')) for await (const lock of made.storage.list('locks')) await made.storage.remove(lock.name)
    },
  }
  await using repository = await openSmall(storage, made.clock)
  const plan = await planPrune(repository, { graceMs: 0 })
  await assert.rejects(executePrune(repository, plan), (error) => isFault(error, 'REPOSITORY_LOCK_LOST'))
  assert.equal((await Array.fromAsync(made.storage.list('data'))).length, 5)
  await assertWhole(made.repository, made.storage, made)
})

test('a prune is refused while a backup runs', async () => {
  const { repository, open } = await withWaste()
  const plan = await planPrune(repository)
  await using other = await open()
  await other.write({ compressionLevel: 1 }, async () => {
    await assert.rejects(executePrune(repository, plan), (error) => isFault(error, 'REPOSITORY_LOCKED'))
  })
})

test('INV-10 a plan is carried out once, and refused when anything changed since', async () => {
  const { repository } = await withWaste()
  const plan = await planPrune(repository)
  await store(repository, { more: 'more' })
  await assert.rejects(executePrune(repository, plan), (error) => isFault(error, 'PLAN_STALE'))
  const fresh = await planPrune(repository)
  await executePrune(repository, fresh)
  await assert.rejects(executePrune(repository, fresh), (error) => isFault(error, 'PLAN_USED'))
})

test('packs that an interrupted backup left are marked and then deleted', async () => {
  const made = await withWaste()
  const core = coreOf(made.repository)
  const orphans = await repack(core, [[...core.index.blobs()][0]!])
  assert.equal((await planPrune(made.repository)).decisions.find(({ pack }) => pack === orphans.packs[0]!.id)?.reason, 'no index names it')
  await prune(made.repository, { graceMs: 0 })
  await prune(made.repository, { graceMs: 0 })
  assert.equal(await made.storage.stat(`data/${orphans.packs[0]!.id}`), undefined)
  await assertWhole(made.repository, made.storage, made)
})

test('INV-12 a damaged repository is not pruned: nothing is deleted by guessing', async () => {
  const damages: readonly ((storage: Storage, repository: Repository) => Promise<void>)[] = [
    async (storage) => overwriteFirst(storage, 'snapshots'),
    async (storage) => overwriteFirst(storage, 'index'),
    async (storage, repository) => storage.remove(`data/${coreOf(repository).index.find('data', firstNeeded(repository))!.packId}`),
    async (storage, repository) =>
      overwrite(storage, `data/${coreOf(repository).index.find('data', firstNeeded(repository))!.packId}`, (bytes) => bytes.subarray(1)),
  ]
  for (const damage of damages) {
    const { repository, storage } = await withWaste()
    await damage(storage, repository)
    const before = await namesOf(storage)
    await assert.rejects(planPrune(repository), (error) => isFault(error) && error.isDamage)
    assert.deepEqual(await namesOf(storage), before)
  }
})

test('damage inside a pack that is written anew stops the prune before anything is taken away', async () => {
  const { repository, storage } = await withWaste()
  const { index } = coreOf(repository)
  const blob = index.find('data', firstNeeded(repository))!
  await overwrite(storage, `data/${blob.packId}`, flippedAt(blob.offset + 100))
  const before = (await namesOf(storage)).toSorted()
  await assert.rejects(prune(repository), (error) => isFault(error, 'DAMAGE_BLOB'))
  assert.deepEqual((await namesOf(storage)).toSorted(), before)
})

test('SAFETY rule 30 space is called free only where removing frees it', async () => {
  const made = await withWaste()
  const storage: Storage = { ...made.storage, freesOnRemove: false }
  await using repository = await openSmall(storage, made.clock)
  await prune(repository, { graceMs: 0 })
  const result = await prune(repository, { graceMs: 0 })
  assert(result.deletedBytes > 0)
  assert.equal(result.freedBytes, undefined)
  assert.match(spaceNotice, /free only when the old versions are purged or the locks end/)
})

test('INV-14 SAFETY rule 26 interrupted at any step nothing is lost, and the next prune finishes', async () => {
  const made = await withWaste()
  let steps = 0
  for (;;) {
    const clock = testClock(made.clock.now())
    const storage = await copyOf(made.storage, clock)
    if (!(await dieAtWrite(steps + 1, storage, clock))) break
    steps += 1
    // The lock of the dead expires.
    clock.advance(limits.lockStaleAfterMs + durations.minute)
    await using repository = await openSmall(storage, clock)
    await assertWhole(repository, storage, made)
    await prune(repository, { graceMs: 0 })
    await prune(repository, { graceMs: 0 })
    assert.deepEqual(await counts(repository, { graceMs: 0 }), { keep: 3 }, `after step ${steps}`)
    await assertWhole(repository, storage, made)
  }
  // Two plans with their locks; lock, pack, index, marks, lock; then lock, index, packs, marks, lock.
  assert(steps >= 18, `only ${steps} steps were interrupted`)
})

/** Prunes twice and dies at the nth write of all; false when there is no such write any more. */
async function dieAtWrite(nth: number, storage: Storage, clock: SmallClock): Promise<boolean> {
  const dying = faulty(storage, [{ verb: 'write', nth, crash: true }])
  await using repository = await openSmall(dying, clock)
  try {
    for (const _ of ['mark', 'delete']) await prune(repository, { graceMs: 0 })
    return false
  } catch (error) {
    // The dead cannot release their lock either, which comes as a second error.
    assert(dying.hasFired && (error instanceof Fault || error instanceof SuppressedError), String(error))
    return true
  }
}

test('a disk that fills during a prune loses nothing and leaves no lock', async () => {
  for (const nth of [1, 2]) {
    const made = await withWaste()
    const storage = faulty(made.storage, [{ verb: 'put', folder: nth === 1 ? 'data' : 'index', nth: 1, fail: diskFull }])
    await using repository = await openSmall(storage, made.clock)
    await assert.rejects(prune(repository), (error) => error === diskFull)
    storage.assertFired()
    assert.deepEqual(await Array.fromAsync(made.storage.list('locks')), [])
    await assertWhole(made.repository, made.storage, made)
  }
})

function firstNeeded(repository: Repository) {
  return [...coreOf(repository).index.blobs()].find((blob) => blob.plainSizeBytes === shared.length)!.id
}

async function overwriteFirst(storage: Storage, folder: 'snapshots' | 'index'): Promise<void> {
  const [name] = (await namesOf(storage)).filter((one) => one.startsWith(`${folder}/`))
  await overwrite(storage, name!, flippedAt(20))
}
