import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { memory } from '#engine/storage/memory.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { newRepository } from '#test/support/repository.ts'
import { flippedAt } from '#test/support/small-repository.ts'
import { coreOf, refreshIndex } from './core.ts'
import { saveDocument } from './document.ts'
import { decodeIndex, indexFileIds, sealedIndexFiles } from './index-file.ts'

const name = 'ab'.repeat(32)
const good = { id: 'cd'.repeat(32), type: 'data', offset: 0, length: 40, uncompressed_length: 100 }
const indexOf = (blob: unknown) => JSON.stringify({ packs: [{ id: 'ef'.repeat(32), blobs: [good, blob] }] })

test('what an index says of a blob is read, compressed or not', () => {
  const plain = { id: good.id, type: 'tree', offset: 40, length: 50 }
  for (const blob of [plain, { ...plain, uncompressed_length: 0 }, { ...plain, later: 'a field we do not know' }]) {
    const [pack] = decodeIndex(indexOf(blob), name).packs
    assert.deepEqual(pack!.blobs, [
      { id: good.id, type: 'data', offset: 0, sizeBytes: 40, plainSizeBytes: 100, isCompressed: true },
      { id: good.id, type: 'tree', offset: 40, sizeBytes: 50, plainSizeBytes: 18, isCompressed: false },
    ])
  }
})

test('a blob with any field wrong is DAMAGE_INDEX, and the field is named', () => {
  const wrong: Record<string, readonly unknown[]> = {
    id: [undefined, 7, 'cd', 'CD'.repeat(32), `${'cd'.repeat(32)}0`],
    type: [undefined, 'blob', 0, null],
    offset: [undefined, -1, 0.5, 2 ** 32, '0', null],
    length: [undefined, 31, -1, 40.5, 2 ** 32, '40', null],
    uncompressed_length: [-1, 1.5, 2 ** 32, '100', null],
  }
  for (const [field, values] of Object.entries(wrong)) {
    for (const value of values) {
      const isNamed = (error: unknown) => isFault(error, 'DAMAGE_INDEX') && String(error).includes(field)
      assert.throws(() => decodeIndex(indexOf({ ...good, [field]: value }), name), isNamed, `${field}: ${String(value)}`)
    }
  }
  for (const blob of [null, 7, 'blob', []])
    assert.throws(
      () => decodeIndex(indexOf(blob), name),
      (error) => isFault(error, 'DAMAGE_INDEX'),
    )
})

test('index files come in order, the next ones fetched meanwhile and never more than the bound', async () => {
  const { place, ids, under } = await manyIndexFiles()
  const seen: string[] = []
  for await (const { id, sealed } of sealedIndexFiles(place, ids)) {
    assert.ok((await sealed).byteLength > 0)
    seen.push(id)
  }
  assert.deepEqual(seen, ids)
  assert.equal(under.most, limits.indexesReadAtOnce)
})

test('whoever stops reading index files early leaves nothing under way', async () => {
  const { place, ids, under } = await manyIndexFiles()
  for await (const { id } of sealedIndexFiles(place, ids)) if (id === ids[2]) break
  assert.equal(under.now, 0)
  assert.ok(under.begun < ids.length, `${under.begun} of ${ids.length}`)
})

test('a damaged index file among many is told, with its name, and the others are read all the same', async () => {
  const { place, ids, storage } = await manyIndexFiles()
  const wrong = ids[5]!
  const bytes = await storage.get(`index/${wrong}`)
  await storage.remove(`index/${wrong}`)
  await storage.put(`index/${wrong}`, [flippedAt(0)(bytes)])
  const told: string[] = []
  const core = { ...place, onDamagedIndex: (fault: Error) => told.push(fault.message) }
  await refreshIndex(core)
  assert.equal(told.length, 1)
  assert.ok(told[0]!.includes(wrong.slice(0, 8)))
  assert.equal(core.index.packCount, ids.length - 1)
})

/** More index files than are fetched at once, of one pack each, and how many fetches are under way. */
async function manyIndexFiles() {
  const under = { now: 0, most: 0, begun: 0 }
  const stored = memory(systemClock)
  const storage: Storage = {
    ...stored,
    get: async (...args) => {
      under.begun += 1
      under.now += 1
      under.most = Math.max(under.most, under.now)
      try {
        await systemClock.sleep(1)
        return await stored.get(...args)
      } finally {
        under.now -= 1
      }
    },
  }
  const place = coreOf(await newRepository(stored))
  for (let at = 0; at < 3 * limits.indexesReadAtOnce; at += 1) {
    const pack = at.toString(16).padStart(64, '0')
    await saveDocument(place, 'index', JSON.stringify({ packs: [{ id: pack, blobs: [{ ...good, id: pack }] }] }))
  }
  const ids = (await indexFileIds(place)).toSorted()
  return { place: { ...place, storage }, ids, under, storage: stored }
}
