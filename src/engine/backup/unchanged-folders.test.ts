import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import { checkOpened } from '#engine/repository/check.ts'
import { coreOf } from '#engine/repository/core.ts'
import { executePrune } from '#engine/repository/prune.ts'
import { planPrune } from '#engine/repository/prune-plan.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { captureFiles } from '#engine/sources/files/capture.ts'
import type { RootSection } from '#engine/sources/files/root-section.ts'
import type { KnownFolder } from '#engine/sources/known-folder.ts'
import type { Entry, Gap } from '#engine/sources/source.ts'
import { memory } from '#engine/storage/memory.ts'
import { testContext } from '#test/support/entries-to-memory.ts'
import { newRepository } from '#test/support/repository.ts'
import { newSeed } from '#test/support/seed.ts'
import { changeTree } from '#test/support/tree-changes.ts'
import { makeHardTree, shrinkSparse } from '#test/support/trees.ts'
import { bound, mounted, workshop } from '#test/support/workshop.ts'
import type { Remembered } from './folder-memory.ts'
import { rootOfRecords, rootPlaceBytes } from './folder-records.ts'
import { folderBefore } from './stored-source.ts'
import { walk } from './walk.ts'

interface Stored {
  readonly subtree: BlobId
  readonly known: KnownFolder
  readonly section: RootSection
  /** What was handed over, as `kind name`. */
  readonly entries: readonly string[]
  /** Paths of files that are in the backup, as it went along. */
  readonly files: readonly string[]
  readonly gaps: readonly string[]
}

interface StoreOptions {
  readonly before?: Stored
  /** Whether what is known of it counts. */
  readonly isKnown?: boolean
  readonly exclude?: readonly string[]
  readonly newerThan?: readonly Date[]
  readonly isStored?: (folder: KnownFolder) => boolean
  readonly onEntry?: (entry: Entry) => Promise<void> | void
  /** When it is captured, if not now. */
  readonly at?: Date
}

/** As a backup stores one root. */
async function store(repository: Repository, root: string, options: StoreOptions = {}): Promise<Stored> {
  const { before, isKnown = true, exclude = [], newerThan = [], isStored = () => true, onEntry, at } = options
  const signal = AbortSignal.timeout(120_000)
  const gaps: Gap[] = []
  return await repository.write({ compressionLevel: 1 }, async (session) => {
    const known = async () =>
      before && isKnown
        ? {
            folder: before.known,
            isStored: (one: KnownFolder) => isStored(one) && session.hasFolder(one),
          }
        : undefined
    await using captured = await captureFiles(
      { name: 'uploads', root, newerThan, exclude, known },
      { ...testContext(gaps), ...(at && { clock: { ...systemClock, now: () => at } }) },
    )
    const entries: string[] = []
    const files: string[] = []
    async function* seen() {
      for await (const entry of captured.entries()) {
        const name = 'folder' in entry ? entry.folder : 'node' in entry ? entry.node.name : entry.name
        entries.push(`${entry.kind} ${name}${'known' in entry ? ' as known' : ''}`)
        await onEntry?.(entry)
        yield entry
      }
    }
    const walked = await walk(seen, {
      source: 'uploads',
      session,
      before: folderBefore(repository, async () => before?.subtree, signal),
      isBeforeWhole: true,
      width: 8,
      capturedAt: captured.instant,
      isRemembered: true,
      onGap: (gap) => gaps.push(gap),
      onFile: (file) => files.push(file),
      onBytes: () => {},
      signal,
    })
    const tree = await session.tree([{ ...walked.node!, name: byteStringOf('uploads'), subtree: walked.subtree }])
    await session.snapshot({ time: captured.instant, tree, paths: ['/'], hostname: '', username: '', tags: [] })
    const [section, told] = [await captured.section(), gaps.map(({ kind, what }) => `${kind} ${what}`)]
    return {
      subtree: walked.subtree,
      known: knownOf(walked.remembered) ?? before!.known,
      section,
      entries,
      files: files.toSorted(),
      gaps: told,
    }
  })
}

/** As it is read from the cache. */
function knownOf(remembered: Remembered | undefined): KnownFolder | undefined {
  if (!remembered) return undefined
  const bytes = Buffer.alloc(remembered.records.sizeBytes + rootPlaceBytes)
  remembered.records.copyTo(bytes, remembered.root)
  return rootOfRecords(bytes)
}

/** What a backup that knows nothing says of the same moment. */
async function assertAsIfUnknown(repository: Repository, root: string, stored: Stored, options: StoreOptions = {}): Promise<void> {
  const plain = await store(repository, root, { ...options, isKnown: false })
  const { instant: _instant, ...section } = stored.section
  const { instant: _plainInstant, ...plainSection } = plain.section
  assert.equal(stored.subtree, plain.subtree)
  assert.deepEqual(section, plainSection)
  assert.deepEqual(stored.files, plain.files)
  assert.deepEqual([stored.gaps, plain.gaps], [[], []])
}

/** Longer than a tick of the kernel's clock, so that what was made counts as settled. */
const settled = () => systemClock.sleep(40)

test('a tree that has not changed is left as known, and is the same backup', async () => {
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  await mkdir(shop.at('a/b/c'), { recursive: true })
  for (const file of ['1', 'a/2', 'a/b/3', 'a/b/c/4']) await writeFile(shop.at(file), file)
  await symlink('nowhere', shop.at('a/link'))
  await settled()
  const first = await store(repository, shop.folder)
  const second = await store(repository, shop.folder, { before: first })
  assert.deepEqual(second.entries, ['unchanged a/b/c/', 'unchanged a/b/', 'unchanged a/', 'unchanged ', 'leave  as known'])
  assert.deepEqual(second.files, ['1', 'a/2', 'a/b/3', 'a/b/c/4'])
  assert.equal(second.subtree, first.subtree)
  await assertAsIfUnknown(repository, shop.folder, second, { before: first })
  assert.equal(second.known, first.known)
})

test('of a tree that changed at one place, the directories down to there are gone through, and no others', async () => {
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  for (const folder of ['a', 'b', 'b/in', 'b/out', 'c']) await mkdir(shop.at(folder))
  for (const file of ['0', 'a/1', 'b/2', 'b/in/3', 'b/out/4', 'c/5', 'd']) await writeFile(shop.at(file), file)
  await settled()
  const first = await store(repository, shop.folder)
  await writeFile(shop.at('b/out/4'), 'another')
  const second = await store(repository, shop.folder, { before: first })
  assert.deepEqual(second.entries, [
    'unchanged a/',
    'unchanged b/in/',
    'enter b',
    'enter out',
    'file 4',
    'leave out',
    'file 2',
    'enter in',
    'leave in as known',
    'leave b',
    'file 0',
    'enter a',
    'leave a as known',
    'unchanged c/',
    'enter c',
    'leave c as known',
    'file d',
    'leave ',
  ])
  await assertAsIfUnknown(repository, shop.folder, second, { before: first })
  await settled()
  const third = await store(repository, shop.folder, { before: second })
  assert.equal(third.subtree, second.subtree)
})

test('INV-612: whatever changes in a tree, a backup that knows the one before stores what a backup that knows nothing does', async (context) => {
  const seed = newSeed()
  context.diagnostic(`SWEEP_SEED=${seed.value}`)
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  const root = shop.at('root')
  await mkdir(root)
  for (let made = 0; made < 90; made += 1) await changeTree(root, seed, 'make')
  let before: Stored | undefined
  let handedOver = 0
  let unknown = 0
  for (let round = 0; round < 25; round += 1) {
    if (seed.below(3) > 0) await settled()
    const stored = await store(repository, root, before ? { before } : {})
    await assertAsIfUnknown(repository, root, stored, before ? { before } : {})
    if (before) handedOver += stored.entries.filter((entry) => entry.startsWith('file')).length
    if (before) unknown += stored.files.length
    before = stored
    for (let changes = seed.below(4); changes > 0; changes -= 1) await changeTree(root, seed)
  }
  assert.ok(handedOver < unknown * 0.8, `${handedOver} of ${unknown} files were gone through`)
})

test('the hard tree is known by its looks as by its listings, and what needs more than a look is gone through', async () => {
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  await makeHardTree(shop.folder)
  await shrinkSparse(shop.folder)
  await settled()
  const first = await store(repository, shop.folder)
  const second = await store(repository, shop.folder, { before: first })
  await assertAsIfUnknown(repository, shop.folder, second, { before: first })
  // A fifo and a device stand right in it.
  assert.ok(second.entries.includes('file hl-a'))
  assert.ok(second.entries.includes('unchanged hard/many/'))
  assert.ok(second.entries.includes('unchanged hard/xattr-dir/'))
  assert.ok(!second.entries.includes('file f1'))
})

test('SAFETY rule 16: what had just changed when it was looked at is gone through the next time', async () => {
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  await writeFile(shop.at('fresh'), 'x')
  const { ctimeMs } = await stat(shop.at('fresh'))
  const aTickLater = await store(repository, shop.folder, { at: new Date(ctimeMs + limits.kernelTickMs + 1) })
  assert.ok(aTickLater.known.digest)
  const first = await store(repository, shop.folder, { at: new Date(ctimeMs + limits.kernelTickMs - 1) })
  assert.equal(first.known.digest, undefined)
  const second = await store(repository, shop.folder, { before: first })
  assert.deepEqual(second.entries, ['file fresh', 'leave '])
})

test('SAFETY rule 16: what is newer than the instant of the databases is named, known or not', async () => {
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  await mkdir(shop.at('a'))
  await writeFile(shop.at('a/1'), 'x')
  await settled()
  const first = await store(repository, shop.folder)
  const newerThan = [new Date(Date.now() - 3_600_000)]
  const second = await store(repository, shop.folder, { before: first, newerThan })
  assert.deepEqual(second.section.newer, { count: 2, paths: ['a', 'a/1'] })
  await assertAsIfUnknown(repository, shop.folder, second, { before: first, newerThan })
})

test('SAFETY rule 16: what changes while a known tree is looked at is in the backup, or named', async () => {
  const late = async (root: string) => await writeFile(path.join(root, 'a/late'), 'late')
  const moved = async (root: string) => await rename(path.join(root, 'a/deep'), path.join(root, 'a/moved'))
  const removed = async (root: string) => await rm(path.join(root, 'a'), { recursive: true })
  const replaced = async (root: string) => {
    await removed(root)
    await writeFile(path.join(root, 'a'), 'a file by now')
  }
  const deepReplaced = async (root: string) => {
    await rm(path.join(root, 'a/deep'), { recursive: true })
    await writeFile(path.join(root, 'a/deep'), 'a file by now')
  }
  const ends = [
    { act: late, entries: ['file 1', 'enter deep', 'leave deep as known', 'file late'], gaps: [] },
    { act: moved, entries: ['file 1', 'enter moved', 'file 2', 'leave moved'], gaps: ['vanished a/deep'] },
    { act: removed, entries: [], gaps: ['vanished a/1', 'vanished a/deep', 'vanished a'] },
    { act: replaced, entries: [], gaps: ['vanished a/1', 'vanished a/deep', 'vanished a'] },
    { act: deepReplaced, entries: ['file 1', 'file deep'], gaps: [] },
  ]
  for (const { act, entries, gaps } of ends) {
    await using shop = await workshop()
    await using repository = await newRepository(memory(systemClock))
    await mkdir(shop.at('a/deep'), { recursive: true })
    for (const file of ['a/1', 'a/deep/2', 'z']) await writeFile(shop.at(file), file)
    await settled()
    const first = await store(repository, shop.folder)
    const second = await store(repository, shop.folder, {
      before: first,
      onEntry: async (entry) => {
        if (entry.kind === 'unchanged' && entry.folder === 'a/deep/') await act(shop.folder)
      },
    })
    assert.deepEqual(second.entries, ['unchanged a/deep/', 'enter a', ...entries, 'leave a', 'file z', 'leave '])
    assert.deepEqual(second.gaps, gaps)
  }
})

test('content that the repository has no longer is read again', async () => {
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  for (const folder of ['a', 'b']) await mkdir(shop.at(folder))
  for (const file of ['a/1', 'b/2']) await writeFile(shop.at(file), file)
  await settled()
  const first = await store(repository, shop.folder)
  const gone = first.known.folder(byteStringOf('a'))!
  const second = await store(repository, shop.folder, { before: first, isStored: ({ subtree }) => subtree !== gone.subtree })
  assert.ok(second.entries.includes('file 1'))
  assert.ok(second.entries.includes('unchanged b/'))
  await using other = await newRepository(memory(systemClock))
  const elsewhere = await store(other, shop.folder, { before: { ...first, subtree: (await store(other, shop.folder)).subtree } })
  assert.equal(elsewhere.subtree, first.subtree)
  await using empty = await newRepository(memory(systemClock))
  const anew = await empty.write({ compressionLevel: 1 }, async (session) => session.hasFolder(gone))
  assert.equal(anew, false)
})

test('SAFETY rule 26: known content that stands in a pack that prune has marked is stored anew', async () => {
  await using shop = await workshop()
  const storage = memory(systemClock)
  await using repository = await newRepository(storage)
  for (const folder of ['root/a', 'other']) await mkdir(shop.at(folder), { recursive: true })
  for (const file of ['root/a/1', 'other/2']) await writeFile(shop.at(file), file)
  await settled()
  const first = await store(repository, shop.at('root'))
  for (const { id } of await repository.snapshots()) await storage.remove(`snapshots/${id}`)
  await store(repository, shop.at('other'))
  const marking = await executePrune(repository, await planPrune(repository, { graceMs: 0 }))
  assert.ok(marking.markedPacks > 0)
  const second = await store(repository, shop.at('root'), { before: first })
  assert.deepEqual(second.entries, ['enter a', 'file 1', 'leave a', 'leave '])
  assert.ok((await executePrune(repository, await planPrune(repository, { graceMs: 0 }))).deletedPacks > 0)
  const { key, clock } = coreOf(repository)
  assert.deepEqual((await checkOpened({ storage, key, clock }, { depth: 'full' })).findings, [])
})

test('what is excluded since, and what restores leave beside a root, stays out of a known tree', async () => {
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  for (const folder of ['a', 'b']) await mkdir(shop.at(folder))
  for (const file of ['a/1', 'a/2', 'b/3']) await writeFile(shop.at(file), file)
  await settled()
  const first = await store(repository, shop.folder)
  const exclude = ['a/2']
  const second = await store(repository, shop.folder, { before: first, exclude })
  assert.deepEqual(second.files, ['a/1', 'b/3'])
  await assertAsIfUnknown(repository, shop.folder, second, { before: first, exclude })
  await mkdir(shop.at('a/.integrum-0123456789ab-kept'))
  const third = await store(repository, shop.folder, { before: first })
  await assertAsIfUnknown(repository, shop.folder, third, { before: first })
  assert.ok(third.section.exactness.some(({ what }) => what.includes('a/.integrum-0123456789ab-kept')))
})

test('what is mounted in a known directory is captured and named, now and the next time', async () => {
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  for (const folder of ['root/a/deep', 'elsewhere']) await mkdir(shop.at(folder), { recursive: true })
  for (const file of ['root/a/1', 'elsewhere/2']) await writeFile(shop.at(file), file)
  await settled()
  const first = await store(repository, shop.at('root'))
  // Another file system, and another directory of the same one.
  for (const mount of [async () => await mounted(shop.at('root/a')), async () => await bound(shop.at('elsewhere'), shop.at('root/a'))]) {
    await using _mount = await mount()
    const second = await store(repository, shop.at('root'), { before: first })
    assert.notEqual(second.subtree, first.subtree)
    await settled()
    const third = await store(repository, shop.at('root'), { before: second })
    for (const stored of [second, third]) {
      await assertAsIfUnknown(repository, shop.at('root'), stored, { before: first })
      assert.ok(stored.section.exactness.some(({ what }) => what.startsWith('mounted file systems')))
    }
  }
})
