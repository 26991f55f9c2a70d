import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { systemClock } from '#base/clock.ts'
import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { defaultSettings } from '#base/settings.ts'
import { durations } from '#base/units.ts'
import { systemRandom } from '#host/random.ts'
import type { ByteString } from '#engine/byte-string.ts'
import { madeNode } from '#engine/made-node.ts'
import type { Repository } from '#engine/repository/repository.ts'
import type { KnownFolder } from '#engine/sources/known-folder.ts'
import { memory } from '#engine/storage/memory.ts'
import { newRepository } from '#test/support/repository.ts'
import { workshop } from '#test/support/workshop.ts'
import { backup } from './backup.ts'
import { nodeAt } from './backups.ts'
import { readFilesCache, writeFilesCache } from './files-cache.ts'
import { FolderMemory, type Remembered } from './folder-memory.ts'
import { FolderRecords } from './folder-records.ts'

function folder(fields: Partial<KnownFolder>, folders: Iterable<readonly [ByteString, KnownFolder]> = []): KnownFolder {
  const inner = new Map(folders)
  const subtreeId = randomBytes(32)
  const subtree = subtreeId.toString('hex') as BlobId
  const numbers = { files: 0, bytes: 0, symlinks: 0, content: Buffer.alloc(0), digest: randomBytes(32) }
  return { subtree, subtreeId, ...numbers, ...fields, folders: () => inner, folder: (name) => inner.get(name) }
}

function remembered(folder: KnownFolder): Remembered {
  const records = new FolderRecords()
  return { records, root: records.addKnown(folder) }
}

/** All of it, without going into itself: directories may lie deep in each other. */
function told(root: KnownFolder): unknown[] {
  const lines: unknown[] = []
  const left: (readonly [string, KnownFolder])[] = [['', root]]
  for (let next = left.pop(); next; next = left.pop()) {
    const [name, { subtree, digest, files, bytes, symlinks, content }] = next
    const inner = [...next[1].folders()]
    for (const [one, known] of inner) assert.equal(next[1].folder(one)?.subtree, known.subtree)
    lines.push([name, subtree, digest && Buffer.from(digest), files, bytes, symlinks, Buffer.from(content), inner.length])
    left.push(...inner)
  }
  return lines
}

test('what is remembered of a tree is read as it was written', async () => {
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  const place = { directory: shop.folder, repository, system: 'clinic', source: 'uploads' }
  const name = fc.uint8Array({ minLength: 1, maxLength: 255 }).map((bytes) => Buffer.from(bytes).toString('latin1') as ByteString)
  const known = fc.letrec<{ folder: KnownFolder }>((tie) => ({
    folder: fc
      .record({
        files: fc.nat(),
        bytes: fc.maxSafeNat(),
        symlinks: fc.nat(),
        isKnown: fc.boolean(),
        blobs: fc.nat({ max: 3 }),
        folders: fc.oneof({ maxDepth: 4 }, fc.constant([]), fc.array(fc.tuple(name, tie('folder')), { maxLength: 3 })),
      })
      .map(({ isKnown, blobs, folders, ...numbers }) =>
        folder({ ...numbers, digest: isKnown ? randomBytes(32) : undefined, content: randomBytes(blobs * 32) }, folders),
      ),
  })).folder
  await fc.assert(
    fc.asyncProperty(known, async (root) => {
      await writeFilesCache(place, remembered(root), new Date())
      const read = await readFilesCache(place)
      assert.ok(read)
      assert.deepEqual(told(read), told(root))
      // And as it is passed on.
      await writeFilesCache(place, remembered(read), new Date())
      assert.deepEqual(told((await readFilesCache(place))!), told(root))
    }),
    { numRuns: 50 },
  )
  let deep = folder({})
  for (let depth = 0; depth < 20_000; depth += 1) deep = folder({}, [['d' as ByteString, deep]])
  await writeFilesCache(place, remembered(deep), new Date())
  assert.deepEqual(told((await readFilesCache(place))!), told(deep))
})

test('of more than its bound nothing is remembered, and no folder is held', () => {
  const memory = new FolderMemory(new Date())
  const content = Array.from({ length: 10_000 }, () => randomBytes(32).toString('hex') as BlobId)
  const node = { ...madeNode(new Date(0)), name: 'f' as ByteString, type: 'file', mode: 0o640, content } as const
  const subtree = randomBytes(32).toString('hex') as BlobId
  const places: (number | undefined)[] = []
  for (let bytes = 0; bytes <= limits.filesCacheBytesMax; bytes += content.length * 32) places.push(memory.add(subtree, [node], new Map()))
  assert.ok(places[0]! > 0)
  assert.equal(places.at(-1), undefined)
  assert.equal(memory.add(subtree, [], new Map()), undefined)
  assert.equal(memory.end(places[0]), undefined)
})

test('a cache that was altered, cut or made for something else is as good as none', async () => {
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  const place = { directory: shop.folder, repository, system: 'clinic', source: 'uploads' }
  assert.equal(await readFilesCache(place), undefined)
  await writeFilesCache(place, remembered(folder({}, [['a' as ByteString, folder({ content: randomBytes(64) })]])), new Date())
  const file = path.join(shop.at('files'), (await readdir(shop.at('files')))[0]!)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const whole = await readFile(file)
  assert.ok(await readFilesCache(place))
  for (let at = 0; at < whole.byteLength; at += 1) {
    const altered = Buffer.from(whole)
    altered[at]! ^= 1 << (at % 8)
    await writeFile(file, altered)
    assert.equal(await readFilesCache(place), undefined)
    await writeFile(file, whole.subarray(0, at))
    assert.equal(await readFilesCache(place), undefined)
  }
  await writeFile(file, whole)
  assert.ok(await readFilesCache(place))
  await using other = await newRepository(memory(systemClock))
  for (const elsewhere of [{ repository: other }, { system: 'ward' }, { source: 'images' }]) {
    assert.equal(await readFilesCache({ ...place, ...elsewhere }), undefined)
  }
  // Even under the name that the other looks for.
  await writeFilesCache({ ...place, repository: other }, remembered(folder({})), new Date())
  for (const name of await readdir(shop.at('files'))) await writeFile(shop.at('files', name), whole)
  assert.equal(await readFilesCache({ ...place, repository: other }), undefined)
})

test('what has not been written for half a year goes with the next one that is, and nothing younger', async () => {
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  const now = new Date('2026-06-30T12:00:00Z')
  const place = (source: string) => ({ directory: shop.folder, repository, system: 'clinic', source })
  const ages = { gone: 180.01, quiet: 179.99, own: 400 }
  for (const [source, days] of Object.entries(ages)) {
    const before = new Set(existsSync(shop.at('files')) ? await readdir(shop.at('files')) : [])
    await writeFilesCache(place(source), remembered(folder({})), new Date(0))
    const [name] = (await readdir(shop.at('files'))).filter((one) => !before.has(one))
    const written = new Date(now.getTime() - days * durations.day)
    await utimes(shop.at('files', name!), written, written)
  }
  await writeFilesCache(place('own'), remembered(folder({})), now)
  assert.equal(await readFilesCache(place('gone')), undefined)
  for (const source of ['quiet', 'own']) assert.ok(await readFilesCache(place(source)), source)
})

interface Made {
  readonly trouble: string[]
  readonly tree: BlobId
  readonly status: string
}

async function backUp(repository: Repository, root: string, cache: string | undefined): Promise<Made> {
  const trouble: string[] = []
  const local = cache === undefined ? undefined : { directory: cache, onTrouble: (detail: string) => void trouble.push(detail) }
  const order = {
    system: 'clinic',
    purpose: 'regular',
    databases: [],
    roots: [{ name: 'uploads', path: root }],
    settings: defaultSettings,
    compressionLevel: 1,
  } as const
  const instruments = { clock: systemClock, random: systemRandom, onProgress: () => {}, cache: local }
  const { snapshot, status } = await backup(repository, order, instruments, AbortSignal.timeout(60_000))
  const made = (await repository.snapshots()).find(({ id }) => id === snapshot)!
  return { trouble, status, tree: (await nodeAt(repository, made.tree, 'files/uploads'))!.subtree! }
}

test('a backup remembers its roots, and the next one of the same tree reads and writes nothing of it', async () => {
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  await mkdir(shop.at('root/a'), { recursive: true })
  await writeFile(shop.at('root/a/1'), 'x')
  await systemClock.sleep(40)
  const cache = shop.at('cache')
  const first = await backUp(repository, shop.at('root'), cache)
  const [name] = await readdir(path.join(cache, 'files'))
  const written = await stat(path.join(cache, 'files', name!))
  assert.deepEqual(await backUp(repository, shop.at('root'), cache), first)
  assert.equal((await stat(path.join(cache, 'files', name!))).ino, written.ino)
  await writeFile(shop.at('root/a/1'), 'y')
  await systemClock.sleep(40)
  const third = await backUp(repository, shop.at('root'), cache)
  assert.notEqual(third.tree, first.tree)
  assert.notEqual((await stat(path.join(cache, 'files', name!))).ino, written.ino)
  assert.equal((await backUp(repository, shop.at('root'), undefined)).tree, third.tree)
})

test('a cache that cannot be read or written is said, and no backup is another for it', async () => {
  await using shop = await workshop()
  await using repository = await newRepository(memory(systemClock))
  await mkdir(shop.at('root'))
  await writeFile(shop.at('root/1'), 'x')
  await writeFile(shop.at('cache'), 'a file where the directory should be')
  const first = await backUp(repository, shop.at('root'), shop.at('cache'))
  assert.equal(first.status, 'completed')
  assert.match(first.trouble.join('\n'), /cannot be read.*ENOTDIR[\s\S]*cannot be written.*(ENOTDIR|EEXIST)/)
  assert.equal((await backUp(repository, shop.at('root'), undefined)).tree, first.tree)
})
