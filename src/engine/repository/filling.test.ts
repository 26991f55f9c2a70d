import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, lstatSync } from 'node:fs'
import { open, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { KiB, MiB } from '#base/units.ts'
import { memory } from '#engine/storage/memory.ts'
import { backUp, newRepository } from '#test/support/repository.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
import { coreOf } from './core.ts'
import { saveIndex } from './index-file.ts'
import type { NewFile } from './new-files.ts'
import { packIdOf } from './pack.ts'

async function stored(files: Readonly<Record<string, Uint8Array>>) {
  const storage = memory(systemClock)
  const repository = await newRepository(storage)
  await repository.write({ compressionLevel: 1 }, (session) => backUp(session, files))
  const nodes = await repository.tree((await repository.snapshots())[0]!.tree)
  return { storage, repository, contents: new Map(nodes.map((node) => [String(node.name), node.content!])) }
}

type Stored = Awaited<ReturnType<typeof stored>>

/** Flips a bit of a file's first blob. The pack under another name, as two backups at once leave it, keeps it whole. */
async function damage({ storage, repository, contents }: Stored, name: string, leaves: 'a copy' | 'nothing'): Promise<void> {
  const core = coreOf(repository)
  const { packId, offset } = core.index.find('data', contents.get(name)![0]!)!
  const pack = await storage.get(`data/${packId}`)
  if (leaves === 'a copy') {
    const other = packIdOf([pack, Buffer.from('x')])
    await storage.put(`data/${other}`, [pack])
    await saveIndex(core, [{ id: other, blobs: core.index.blobsOf(packId) }])
  }
  const bad = Buffer.from(pack)
  bad[offset + 40]! ^= 1
  await storage.remove(`data/${packId}`)
  await storage.put(`data/${packId}`, [bad])
  await repository.refreshIndex()
}

const attributes = {
  mode: 0o4640,
  uid: process.getuid!(),
  gid: process.getgid!(),
  atimeNs: 5n,
  mtimeNs: -1_000_000_007n,
  restoresOwner: true,
}
const fileAt = (file: string): NewFile => ({ path: Buffer.from(file), ...attributes })

for (const leaves of ['a copy', 'nothing'] as const) {
  test(`INV-8 damaged content that has ${leaves} never reaches a file, filled or made`, async () => {
    await using place = await temporaryDirectory()
    const [large, small] = [randomBytes(9 * MiB), randomBytes(3000)]
    const made = await stored({ large, small })
    await using repository = made.repository
    await damage(made, 'large', leaves)
    await damage(made, 'small', leaves)
    const file = path.join(place.path, 'large')
    await using handle = await open(file, 'wx')
    const filled = repository.fill(made.contents.get('large')!, { fd: handle.fd, holes: [], onBytes: () => {} })
    const other = path.join(place.path, 'small')
    const makes = repository.make(made.contents.get('small')![0]!, fileAt(other))
    await Promise.allSettled([filled, makes])
    if (leaves === 'a copy') {
      assert.equal(await filled, large.byteLength)
      assert.equal(await makes, true)
      assert.ok(large.equals(await readFile(file)))
      assert.ok(small.equals(await readFile(other)))
      return
    }
    await assert.rejects(filled, (error) => isFault(error, 'DAMAGE_BLOB'))
    await assert.rejects(makes, (error) => isFault(error, 'DAMAGE_BLOB'))
    assert.equal(existsSync(other), false)
    // What is there is of the original, and zeros where nothing was written.
    for (const [at, byte] of (await readFile(file)).entries()) if (byte !== 0 && byte !== large[at]) assert.fail(`byte ${at} is another`)
  })
}

test('what is a hole is not written, whichever part it lies in', async () => {
  await using place = await temporaryDirectory()
  const bytes = Buffer.concat([randomBytes(2 * MiB), Buffer.alloc(5 * MiB), randomBytes(3 * MiB)])
  const { repository, contents } = await stored({ bytes })
  await using _closing = repository
  await using handle = await open(path.join(place.path, 'sparse'), 'wx')
  let seen = 0
  const holes = [[2 * MiB, 5 * MiB]] as const
  await repository.fill(contents.get('bytes')!, { fd: handle.fd, holes, onBytes: (count) => (seen += count) })
  assert.equal(seen, bytes.byteLength)
  assert.ok(bytes.equals(await readFile(path.join(place.path, 'sparse'))))
  assert.ok((await handle.stat()).blocks * 512 < 6 * MiB)
})

test('hundreds of small files come out of threads with their owner, times and mode', async () => {
  await using place = await temporaryDirectory()
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`f${at}`, randomBytes(1 + ((at * 97) % (100 * KiB)))]))
  const { repository, contents } = await stored(files)
  await using _closing = repository
  await Promise.all(
    Object.keys(files).map(async (name) =>
      assert.equal(await repository.make(contents.get(name)![0]!, fileAt(path.join(place.path, name))), true),
    ),
  )
  for (const [name, bytes] of Object.entries(files)) {
    const found = lstatSync(path.join(place.path, name), { bigint: true })
    assert.deepEqual([found.mode & 0o7777n, found.atimeNs, found.mtimeNs], [0o4640n, 5n, -1_000_000_007n])
    assert.ok(bytes.equals(await readFile(path.join(place.path, name))))
  }
})

test('INV-607 a file whose owner is left as it is lends nobody that power', async () => {
  await using place = await temporaryDirectory()
  const { repository, contents } = await stored({ a: Buffer.from('new') })
  await using _closing = repository
  const file = { ...fileAt(path.join(place.path, 'a')), mode: 0o6755, uid: attributes.uid + 12, restoresOwner: false }
  assert.equal(await repository.make(contents.get('a')![0]!, file), false)
  const { mode, uid } = lstatSync(path.join(place.path, 'a'))
  assert.deepEqual([mode & 0o7777, uid], [0o755, attributes.uid])
})

test('a name that is taken, by a file or by a symlink, is an error of the file system and stays what it is', async () => {
  await using place = await temporaryDirectory()
  const { repository, contents } = await stored({ a: Buffer.from('new') })
  await using _closing = repository
  const [taken, link] = [path.join(place.path, 'taken'), path.join(place.path, 'link')]
  await writeFile(taken, 'old')
  await symlink(path.join(place.path, 'elsewhere'), link)
  for (const name of [taken, link]) {
    await assert.rejects(repository.make(contents.get('a')![0]!, fileAt(name)), (error) => (error as { code?: string }).code === 'EEXIST')
  }
  assert.equal(await readFile(taken, 'utf8'), 'old')
  assert.equal(existsSync(path.join(place.path, 'elsewhere')), false)
})
