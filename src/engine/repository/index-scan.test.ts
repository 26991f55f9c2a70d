import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { systemClock } from '#base/clock.ts'
import type { BlobId, PackId } from '#base/ids.ts'
import { memory } from '#engine/storage/memory.ts'
import { newRepository } from '#test/support/repository.ts'
import { coreOf } from './core.ts'
import { loadDocumentBytes, saveDocument, type DocumentPlace } from './document.ts'
import { addIndexFile, saveIndex, type IndexedPack } from './index-file.ts'
import { scanIndex } from './index-scan.ts'
import { PackIndex } from './pack-index.ts'

const id = (text: string) => createHash('sha256').update(text).digest('hex')
const below4GiB = fc.integer({ min: 0, max: 0xfffffffe })
const anyBlob = fc
  .record({ name: fc.nat(), type: fc.constantFrom('data', 'tree'), offset: below4GiB, sizeBytes: below4GiB, plainSizeBytes: below4GiB })
  .map(({ name, type, offset, sizeBytes, plainSizeBytes }) => {
    const isCompressed = plainSizeBytes > 0
    const stored = Math.max(32, sizeBytes)
    return {
      id: id(`${name}`) as BlobId,
      type,
      offset,
      sizeBytes: stored,
      plainSizeBytes: isCompressed ? plainSizeBytes : stored - 32,
      isCompressed,
    }
  })
const anyPacks = fc.uniqueArray(
  fc.record({ id: fc.nat().map((name) => id(`pack ${name}`) as PackId), blobs: fc.array(anyBlob, { maxLength: 20 }) }),
  { selector: (pack) => pack.id, maxLength: 8 },
) as fc.Arbitrary<IndexedPack[]>

const fetched = (place: DocumentPlace, file: string) => ({ id: file, sealed: place.storage.get(`index/${file}`) })

function indexOf(packs: readonly IndexedPack[]): PackIndex {
  const index = new PackIndex()
  for (const pack of packs) index.addPack(pack.id, pack.blobs)
  return index
}

const said = (index: PackIndex) => [...index.packIds()].map((pack) => ({ pack, end: index.packEnd(pack), blobs: index.blobsOf(pack) }))

test('what is written into an index file is what is scanned from it, blob by blob', async () => {
  await using repository = await newRepository(memory(systemClock))
  const place = coreOf(repository)
  await fc.assert(
    fc.asyncProperty(anyPacks, async (packs) => {
      const read = new PackIndex()
      for (const file of await saveIndex(place, packs)) {
        assert.ok(scanIndex(await loadDocumentBytes(place, 'index', file)))
        const packIds = await addIndexFile(place, fetched(place, file), read)
        assert.deepEqual(
          packIds(),
          packs.map((pack) => pack.id),
        )
      }
      assert.deepEqual(said(read), said(indexOf(packs)))
    }),
    { numRuns: 40 },
  )
})

const blob = `{"id":"${id('blob')}","type":"data","offset":0,"length":132,"uncompressed_length":400}`
const whole = `{"packs":[{"id":"${id('pack')}","blobs":[${blob}]}]}`

test('an index file that is written another way is read all the same', async () => {
  await using repository = await newRepository(memory(systemClock))
  const place = coreOf(repository)
  const expected = said(indexOf([{ id: id('pack') as PackId, blobs: [plainBlob] }]))
  const others = [
    whole.replaceAll(':', ': '),
    whole.replace('{"packs"', `{"supersedes":["${id('old')}"],"packs"`),
    whole.replace('"offset":0,"length":132', '"length":132,"offset":0'),
    whole.replace('"type":"data"', '"type":"data","later":true'),
  ]
  for (const json of [whole, `${whole}\n`, ...others]) {
    assert.equal(scanIndex(Buffer.from(json)) === undefined, others.includes(json), json)
    const index = new PackIndex()
    await addIndexFile(place, fetched(place, await saveDocument(place, 'index', json)), index)
    assert.deepEqual(said(index), expected, json)
  }
})

const plainBlob = { id: id('blob') as BlobId, type: 'data', offset: 0, sizeBytes: 132, plainSizeBytes: 400, isCompressed: true } as const

test('a wrong index file is DAMAGE_INDEX and adds nothing, not even the packs before the wrong place', async () => {
  await using repository = await newRepository(memory(systemClock))
  const place = coreOf(repository)
  const wrong = [
    whole.slice(0, -1),
    `${whole}}`,
    whole.replace('"length":132', '"length":31'),
    whole.replace('"length":132', '"length":4294967295'),
    whole.replace('"length":132', '"length":0132'),
    whole.replace('"offset":0', '"offset":-1'),
    whole.replace('"offset":0', '"offset":'),
    whole.replace('"data"', '"date"'),
    whole.replace(id('blob'), id('blob').toUpperCase()),
    whole.replace(id('pack'), id('pack').slice(1)),
    `{"packs":[{"id":"${id('before')}","blobs":[${blob}]},{"id":"${id('pack')}","blobs":[${blob},]}]}`,
  ]
  for (const json of wrong) {
    assert.equal(scanIndex(Buffer.from(json)), undefined, json)
    const index = new PackIndex()
    await assert.rejects(addIndexFile(place, fetched(place, await saveDocument(place, 'index', json)), index), { code: 'DAMAGE_INDEX' })
    assert.equal(index.packCount, 0)
  }
})
