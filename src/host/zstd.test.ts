import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { viaNode, zstdBound, zstdFrames } from './zstd.ts'

const ways = { 'the kept library': zstdFrames(), 'node:zlib': viaNode }

for (const [name, frames] of Object.entries(ways)) {
  test(`${name}: node:zlib reads its frames, and it reads those of node:zlib`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 1, max: 19 }), (plain, level) => {
        const target = new Uint8Array(zstdBound(plain.byteLength))
        const length = frames.compress(plain, target, level)!
        assert.deepEqual(new Uint8Array(zstdDecompressSync(target.subarray(0, length))), plain)
        const back = new Uint8Array(plain.byteLength)
        assert.equal(frames.decompress(zstdCompressSync(plain), back), true)
        assert.deepEqual(back, plain)
      }),
    )
  })

  test(`${name}: a target that is too small, bytes that are no frame and a frame cut short are refused, and the next call works`, () => {
    const plain = Buffer.from('a text that repeats '.repeat(1000))
    assert.equal(frames.compress(plain, new Uint8Array(10), 3), undefined)
    const target = new Uint8Array(zstdBound(plain.byteLength))
    const frame = target.subarray(0, frames.compress(plain, target, 3))
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
    const length = frames.compress(shared.subarray(0, 1500), shared.subarray(2000), 1)!
    assert.deepEqual(zstdDecompressSync(Uint8Array.from(shared.subarray(2000, 2000 + length))), Buffer.from(shared.subarray(0, 1500)))
  })
}

test('the library inside this Node is the one in use', () => {
  assert.notEqual(zstdFrames(), viaNode)
})
