import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import type { FaultCode } from '#base/fault-codes.ts'
import type { BlobId, PackId } from '#base/ids.ts'
import { MiB } from '#base/units.ts'
import { backUp, newRepository, reopen } from '#test/support/repository.ts'
import { memory } from '#engine/storage/memory.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { coreOf } from './core.ts'
import { saveIndex } from './index-file.ts'
import { packIdOf } from './pack.ts'
import type { Repository } from './repository.ts'

async function onePack(files: Readonly<Record<string, Uint8Array>>) {
  const storage = memory(systemClock)
  const repository = await newRepository(storage)
  await repository.write({ compressionLevel: 1 }, (session) => backUp(session, files))
  const tree = (await repository.snapshots())[0]!.tree
  const [file] = await repository.tree(tree)
  const place = coreOf(repository).index.find('data', file!.content![0]!)!
  return { storage, repository, tree, content: file!.content!, place }
}

async function replace(storage: Storage, pack: PackId, change: (bytes: Buffer) => Buffer): Promise<void> {
  const bytes = change(await storage.get(`data/${pack}`))
  await storage.remove(`data/${pack}`)
  await storage.put(`data/${pack}`, [bytes])
}

async function assertDamage(repository: Repository, content: readonly BlobId[], code: FaultCode, names: readonly string[]): Promise<void> {
  await assert.rejects(Array.fromAsync(repository.read(content)), (error) => {
    assert.ok(isFault(error, code), String(error))
    for (const name of names) assert.ok(error.message.includes(name), error.message)
    return true
  })
}

for (const [size, bytes] of [
  ['small', randomBytes(2000)],
  ['large', randomBytes(900_000)],
] as const) {
  test(`INV-8 a flipped bit in a ${size} blob is DAMAGE_BLOB that names blob and pack, and no byte of it is handed out`, async () => {
    const { storage, repository, content, place } = await onePack({ bytes })
    await using _closing = repository
    await replace(storage, place.packId, (pack) => {
      pack[place.offset + 30]! ^= 4
      return pack
    })
    await assertDamage(repository, content, 'DAMAGE_BLOB', [place.id, place.packId])
  })

  test(`a ${size} blob of a truncated pack is DAMAGE_PACK, of a missing one DAMAGE_MISSING_PACK; both name the pack`, async () => {
    const { storage, repository, content, place } = await onePack({ bytes })
    await using _closing = repository
    await replace(storage, place.packId, (pack) => pack.subarray(0, place.offset + 100))
    await assertDamage(repository, content, 'DAMAGE_PACK', [place.packId])
    await storage.remove(`data/${place.packId}`)
    await assertDamage(repository, content, 'DAMAGE_MISSING_PACK', [place.packId])
  })

  test(`a ${size} blob whose pack is damaged is read from another pack that has it`, async () => {
    const { storage, repository, content, place } = await onePack({ bytes })
    await using _closing = repository
    const copy = await storage.get(`data/${place.packId}`)
    // The same blobs in a pack of another name, as two backups at once leave them.
    const other = packIdOf([copy, Buffer.from('x')])
    await storage.put(`data/${other}`, [copy])
    await saveIndex(coreOf(repository), [{ id: other, blobs: coreOf(repository).index.blobsOf(place.packId) }])
    await repository.refreshIndex()
    await storage.remove(`data/${place.packId}`)
    assert.ok(Buffer.concat(await Array.fromAsync(repository.read(content))).equals(bytes))
  })
}

test('a tree in a damaged pack is DAMAGE_TREE', async () => {
  const { storage, repository, tree } = await onePack({ bytes: randomBytes(100) })
  await using _closing = repository
  const place = coreOf(repository).index.find('tree', tree)!
  await replace(storage, place.packId, (pack) => {
    pack[place.offset + 20]! ^= 1
    return pack
  })
  await using again = await reopen(storage)
  await assert.rejects(again.tree(tree), (error) => isFault(error, 'DAMAGE_TREE') && error.facts['pack'] === place.packId)
})

test('a blob that no index knows is damage too', async () => {
  await using repository = await newRepository(memory(systemClock))
  const unknown = '00'.repeat(32) as BlobId
  await assertDamage(repository, [unknown], 'DAMAGE_BLOB', [unknown])
  assert.equal(repository.blobSizeBytes(unknown), undefined)
  await assert.rejects(repository.tree(unknown), (error) => isFault(error, 'DAMAGE_TREE'))
})

test('a stream may be abandoned or cancelled, and others go on reading', async () => {
  const bytes = randomBytes(30 * MiB)
  const { repository, content } = await onePack({ bytes })
  await using _closing = repository
  for (let round = 0; round < 5; round += 1) {
    for await (const piece of repository.read(content)) {
      assert.ok(piece.length > 0)
      break
    }
  }
  const stop = new AbortController()
  const cancelled = (async () => {
    for await (const _ of repository.read(content, stop.signal)) stop.abort()
  })()
  await assert.rejects(cancelled, (error) => isFault(error, 'CANCELLED'))
  const all = await Promise.all([1, 2, 3].map(() => Array.fromAsync(repository.read(content))))
  for (const pieces of all) assert.ok(Buffer.concat(pieces).equals(bytes))
  assert.equal(
    content.reduce((sum, id) => sum + repository.blobSizeBytes(id)!, 0),
    bytes.length,
  )
})
