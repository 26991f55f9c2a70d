import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { BlobId, PackId } from '#base/ids.ts'
import type { PackedBlob } from './pack.ts'
import { scanIndex } from './index-scan.ts'
import { PackIndex } from './pack-index.ts'

const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const blob = (name: string, type: 'data' | 'tree' = 'data', offset = 0): PackedBlob => ({
  id: hash(name) as BlobId,
  type,
  offset,
  sizeBytes: 132,
  plainSizeBytes: 400,
  isCompressed: true,
})
const pack = (name: string) => hash(`pack ${name}`) as PackId

test('a blob is found in every pack that holds it, and only under its own type', () => {
  const index = new PackIndex()
  index.addPack(pack('one'), [blob('a'), blob('b', 'tree', 132)])
  index.addPack(pack('two'), [blob('a')])
  assert.deepEqual(
    index
      .findAll('data', blob('a').id)
      .map((found) => found.packId)
      .toSorted(),
    [pack('one'), pack('two')].toSorted(),
  )
  assert.equal(index.find('tree', blob('a').id), undefined)
  assert.deepEqual(index.find('tree', blob('b').id), { ...blob('b', 'tree', 132), packId: pack('one') })
  assert.equal(index.has('data', blob('c').id), false)
  index.addPack(pack('one'), [blob('a'), blob('b', 'tree', 132)])
  assert.equal(index.blobCount, 3)
  assert.equal(index.packCount, 2)
})

test('blobs that are not compressed keep their plain size', () => {
  const index = new PackIndex()
  const raw = { ...blob('raw'), plainSizeBytes: 100, isCompressed: false }
  index.addPack(pack('one'), [raw])
  assert.deepEqual(index.find('data', raw.id), { ...raw, packId: pack('one') })
})

test('300,000 blobs take at most 64 bytes each, and all are found', () => {
  const index = new PackIndex()
  const perPack = 1000
  for (let number = 0; number < 300; number += 1) {
    const blobs = Array.from({ length: perPack }, (_, at) => blob(`${number}/${at}`, at % 10 === 0 ? 'tree' : 'data', at * 132))
    index.addPack(pack(String(number)), blobs)
  }
  assert.ok(index.sizeBytes / index.blobCount <= 64, String(index.sizeBytes / index.blobCount))
  for (let number = 0; number < 300; number += 7) {
    for (let at = 0; at < perPack; at += 13) {
      const wanted = blob(`${number}/${at}`, at % 10 === 0 ? 'tree' : 'data', at * 132)
      assert.deepEqual(index.find(wanted.type, wanted.id), { ...wanted, packId: pack(String(number)) })
    }
  }
  assert.equal(index.blobsOf(pack('7')).length, perPack)
  assert.equal([...index.blobs()].length, 300_000)
})

test('packs of an index file come in as a whole: the same as blob by blob, also over the bounds of the tables', () => {
  const sizes = [3, 16_381, 40_000, 0, 1]
  const packs = sizes.map((size, number) => ({
    id: pack(String(number)),
    blobs: Array.from({ length: size }, (_, at) => blob(`${number}/${at}`, at % 10 === 0 ? 'tree' : 'data', at * 132)),
  }))
  const json = packs.map(({ id, blobs }) => {
    const text = blobs.map((one) => `{"id":"${one.id}","type":"${one.type}","offset":${one.offset},"length":132,"uncompressed_length":400}`)
    return `{"id":"${id}","blobs":[${text.join(',')}]}`
  })
  const scanned = scanIndex(Buffer.from(`{"packs":[${json.join(',')}]}`))
  assert.ok(scanned)
  const [whole, single] = [new PackIndex(), new PackIndex()]
  // Known before: it does not come in twice.
  whole.addPack(packs[1]!.id, packs[1]!.blobs)
  whole.addScanned(scanned)
  for (const { id, blobs } of [packs[1]!, packs[0]!, ...packs.slice(2)]) single.addPack(id, blobs)
  assert.deepEqual([...whole.packIds()], [...single.packIds()])
  for (const { id } of packs) assert.equal(whole.packEnd(id), single.packEnd(id))
  assert.deepEqual([...whole.blobs()], [...single.blobs()])
  for (const { blobs } of packs) for (const one of blobs) assert.ok(whole.has(one.type, one.id))
})
