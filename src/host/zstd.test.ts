import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { viaNode, zstdBound, zstdFrames, type Effort } from './zstd.ts'

const ways = { 'the kept library': zstdFrames(), 'node:zlib': viaNode }

const efforts = fc.record({ level: fc.integer({ min: 1, max: 19 }), hasShortMatches: fc.boolean() })

for (const [name, frames] of Object.entries(ways)) {
  test(`${name}: node:zlib reads its frames, and it reads those of node:zlib`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), efforts, (plain, effort) => {
        const target = new Uint8Array(zstdBound(plain.byteLength))
        const length = frames.compress(plain, target, effort)!
        assert.deepEqual(new Uint8Array(zstdDecompressSync(target.subarray(0, length))), plain)
        const back = new Uint8Array(plain.byteLength)
        assert.equal(frames.decompress(zstdCompressSync(plain), back), true)
        assert.deepEqual(back, plain)
      }),
    )
  })

  test(`${name}: a target that is too small, bytes that are no frame and a frame cut short are refused, and the next call works`, () => {
    const plain = Buffer.from('a text that repeats '.repeat(1000))
    assert.equal(frames.compress(plain, new Uint8Array(10), { level: 3 }), undefined)
    const target = new Uint8Array(zstdBound(plain.byteLength))
    const frame = target.subarray(0, frames.compress(plain, target, { level: 3 }))
    assert.ok(frame.byteLength < 200)
    const back = new Uint8Array(plain.byteLength)
    assert.equal(frames.decompress(Buffer.from('no frame'), back), false)
    assert.equal(frames.decompress(frame.subarray(0, -1), back), false)
    assert.equal(frames.decompress(frame, new Uint8Array(plain.byteLength - 1)), false)
    assert.equal(frames.decompress(frame, new Uint8Array(plain.byteLength + 1)), false)
    assert.equal(frames.decompress(frame, back), true)
    assert.deepEqual(Buffer.from(back), plain)
  })

  test(`${name}: memory that threads share is read and written in place`, () => {
    const shared = Buffer.from(new SharedArrayBuffer(4096))
    shared.fill('row of a table\t', 0, 1500)
    const length = frames.compress(shared.subarray(0, 1500), shared.subarray(2000), { level: 1 })!
    assert.deepEqual(zstdDecompressSync(Uint8Array.from(shared.subarray(2000, 2000 + length))), Buffer.from(shared.subarray(0, 1500)))
  })
}

test('both ways give the same frame at the same effort, also after another one', () => {
  const plain = Buffer.from(Array.from({ length: 9000 }, (_, at) => `${at % 7} ${(at * at) % 1013}\t`).join(''))
  const framesAt = (effort: Effort) =>
    Object.values(ways).map((frames) => {
      const target = new Uint8Array(zstdBound(plain.byteLength))
      return Buffer.from(target.subarray(0, frames.compress(plain, target, effort))).toString('hex')
    })
  const [short, long] = [framesAt({ level: 1, hasShortMatches: true }), framesAt({ level: 1 })]
  assert.equal(short[0], short[1])
  assert.equal(long[0], long[1])
  assert.notEqual(short[0], long[0])
  assert.deepEqual(framesAt({ level: 1, hasShortMatches: true }), short)
})

test('the library inside this Node is the one in use', () => {
  assert.notEqual(zstdFrames(), viaNode)
})
