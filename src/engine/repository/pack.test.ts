import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { isFault } from '#base/fault.ts'
import type { BlobId, PackId } from '#base/ids.ts'
import { decodePackHeader, encodePackHeader, packHeaderSizeBytesMax, readPackHeader, sealPackHeader, type PackedBlob } from './pack.ts'
import { sealingKey } from './seal.ts'

const packId = '11'.repeat(32) as PackId
const blobId = (number: number) => createHash('sha256').update(String(number)).digest('hex') as BlobId

const anyBlobs: fc.Arbitrary<PackedBlob[]> = fc
  .array(
    fc.record({
      type: fc.constantFrom('data', 'tree'),
      sizeBytes: fc.integer({ min: 33, max: 9_000_000 }),
      plain: fc.option(fc.nat(9_000_000)),
    }),
  )
  .map((raws) => {
    let offset = 0
    return raws.map(({ type, sizeBytes, plain }, at) => {
      const blob = { id: blobId(at), type, offset, sizeBytes, plainSizeBytes: plain ?? sizeBytes - 32, isCompressed: plain !== null }
      offset += sizeBytes
      return blob
    })
  })

test('a pack header reads back what was written, and its size is within the bound', () => {
  const key = sealingKey(randomBytes(64))
  fc.assert(
    fc.property(anyBlobs, (blobs) => {
      const tail = sealPackHeader(key, encodePackHeader(blobs))
      assert.ok(tail.length <= packHeaderSizeBytesMax(blobs.length))
      const packSizeBytes = blobs.reduce((sum, blob) => sum + blob.sizeBytes, 0) + tail.length
      assert.deepEqual(readPackHeader(key, { id: packId, sizeBytes: packSizeBytes }, tail), blobs)
    }),
  )
})

test('a truncated pack, one with an altered header and one of another size are damage that names the pack', () => {
  const key = sealingKey(randomBytes(64))
  const blobs: PackedBlob[] = [{ id: blobId(1), type: 'data', offset: 0, sizeBytes: 100, plainSizeBytes: 68, isCompressed: false }]
  const tail = sealPackHeader(key, encodePackHeader(blobs))
  const isDamage = (error: unknown) => isFault(error, 'DAMAGE_PACK') && error.facts['pack'] === packId
  assert.throws(() => readPackHeader(key, { id: packId, sizeBytes: 100 + tail.length - 1 }, tail.subarray(0, tail.length - 1)), isDamage)
  assert.throws(() => readPackHeader(key, { id: packId, sizeBytes: 99 + tail.length }, tail), isDamage)
  assert.throws(() => readPackHeader(key, { id: packId, sizeBytes: 3 }, Buffer.alloc(3)), isDamage)
  const altered = Buffer.from(tail)
  altered[20]! ^= 1
  assert.throws(() => readPackHeader(key, { id: packId, sizeBytes: 100 + tail.length }, altered), isDamage)
})

test('bytes that are no header are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
      const blobs = decodePackHeader(bytes)
      if (blobs) assert.deepEqual(new Uint8Array(encodePackHeader(blobs)), bytes)
    }),
  )
  assert.equal(decodePackHeader(Buffer.alloc(37, 9)), undefined)
})
