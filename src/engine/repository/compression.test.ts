import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { constants, zstdCompressSync } from 'node:zlib'
import type { Effort } from '#host/zstd.ts'
import { compressed, decodeDocument, decompress, effortFor, encodeDocument } from './compression.ts'

test('decompress gives back what was compressed, at every level, whatever was compressed before', () => {
  for (let level = 1; level <= 19; level += 1) {
    const plain = Buffer.from(`patient\tvisit\tvalue ${level}\n`.repeat(500 * level))
    assert.deepEqual(decompress(Buffer.from(compressed(plain, { level })!), plain.length), plain)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.integer({ min: 1, max: 19 }), (part, level) => {
      const plain = Buffer.concat(Array.from({ length: 4 }, () => part))
      const frame = compressed(plain, { level })
      if (frame) assert.deepEqual(decompress(frame, plain.length), plain)
    }),
  )
})

test('content that does not shrink is not compressed', () => {
  for (const size of [0, 1, 100, 300_000]) assert.equal(compressed(randomBytes(size), { level: 1 }), undefined)
})

test('of pixels and signals short matches are looked for; not of text, identifiers, noise, small content, nor at a higher level', () => {
  const size = 300_000
  const isShort = (plain: Buffer, level: number) => {
    const effort = effortFor(plain, level)
    assert.equal(effort.level, level)
    return effort.hasShortMatches === true
  }
  assert.equal(isShort(pixels(size), 1), true)
  assert.equal(isShort(signal(size), 1), true)
  assert.equal(isShort(pixels(100_000), 1), false)
  assert.equal(isShort(randomBytes(size), 1), false)
  assert.equal(isShort(Buffer.from('patient\tvisit\tvalue\n'.repeat(15_000)), 1), false)
  assert.equal(isShort(identifiers(size), 1), false)
  for (const level of [2, 3, 19]) assert.equal(isShort(pixels(size), level), false)
  for (const plain of [pixels(size), signal(size)]) {
    const lengthAt = (effort: Effort) => compressed(plain, effort)!.byteLength
    const [usual, short] = [lengthAt({ level: 1 }), lengthAt({ level: 1, hasShortMatches: true })]
    assert.ok(short < 0.92 * usual, `${short} of ${usual}`)
  }
})

test('a frame of another size than stated, and bytes that are no frame, are damage', () => {
  const frame = frameOf(Buffer.from('12345'))
  assert.equal(decompress(frame, 4), undefined)
  assert.equal(decompress(frame, 6), undefined)
  assert.equal(decompress(frame.subarray(0, frame.length - 1), 5), undefined)
  assert.equal(decompress(Buffer.from('not a frame'), 5), undefined)
  assert.deepEqual(decompress(frame, 5), Buffer.from('12345'))
  assert.deepEqual(decompress(frameOf(Buffer.alloc(0)), 0), Buffer.alloc(0))
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

/** Rows of UUIDs: two fifths are left of them at any level. */
function identifiers(sizeBytes: number): Buffer {
  const rows = Array.from({ length: Math.ceil(sizeBytes / 110) }, () => `${randomUUID()}\t${randomUUID()}\t${randomUUID()}\tHR\n`)
  return Buffer.from(rows.join('')).subarray(0, sizeBytes)
}

/** A curve as an electrocardiograph writes it, 16 bits a sample. */
function signal(sizeBytes: number): Buffer {
  const bytes = randomBytes(sizeBytes)
  for (let at = 0; at + 1 < sizeBytes; at += 2) bytes.writeInt16LE(Math.round(Math.sin(at / 80) * 800) + (bytes[at]! % 12), at)
  return bytes
}

/** Of 16 bits: a slope and five bits of noise, as a scanner takes them. */
function pixels(sizeBytes: number): Buffer {
  const bytes = randomBytes(sizeBytes)
  for (let at = 0; at + 1 < sizeBytes; at += 2) bytes.writeUInt16LE(1000 + ((at >> 10) % 512) + (bytes[at]! & 31), at)
  return bytes
}

function frameOf(plain: Buffer): Buffer {
  return zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
}
