import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { compress, decodeDocument, decompress, encodeDocument } from './compression.ts'

test('decompress gives back what compress took, at every level and for content that does not shrink', () => {
  for (let level = 1; level <= 19; level += 1) {
    const plain = Buffer.from('patient\tvisit\tvalue\n'.repeat(500))
    assert.deepEqual(decompress(compress(plain, level), plain.length), plain)
  }
  const random = randomBytes(300_000)
  assert.deepEqual(decompress(compress(random, 1), random.length), random)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (plain) => {
      assert.deepEqual(new Uint8Array(decompress(compress(plain, 1), plain.length)!), plain)
    }),
  )
})

test('a frame of another size than stated, and bytes that are no frame, are damage', () => {
  const frame = compress(Buffer.from('12345'), 1)
  assert.equal(decompress(frame, 4), undefined)
  assert.equal(decompress(frame, 6), undefined)
  assert.equal(decompress(frame.subarray(0, frame.length - 1), 5), undefined)
  assert.equal(decompress(Buffer.from('not a frame'), 5), undefined)
})

test('a document starts with the encoding byte 2; plain JSON of older repositories is read too', () => {
  const document = encodeDocument('{"a":1}')
  assert.equal(document[0], 2)
  assert.equal(decodeDocument(document), '{"a":1}')
  assert.equal(decodeDocument(Buffer.from('{"a":1}')), '{"a":1}')
  assert.equal(decodeDocument(Buffer.from('[]')), '[]')
  assert.equal(decodeDocument(Buffer.from('\u0003abc')), undefined)
  assert.equal(decodeDocument(Buffer.of(2, 1, 2, 3)), undefined)
})
