import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { limits } from '#base/limits.ts'
import { systemRandom } from '#host/random.ts'
import { KiB, MiB } from '#base/units.ts'
import { Chunker, chunkerMemoryBytes, gearTable } from './chunker.ts'
import { newConfig } from './config.ts'

const config = newConfig(systemRandom)

function chunksOf(bytes: Uint8Array, pieceBytes: number): number[] {
  const pages = Math.ceil((chunkerMemoryBytes + bytes.length) / 65_536)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  new Uint8Array(memory.buffer).set(bytes, chunkerMemoryBytes)
  const chunker = new Chunker(memory, gearTable(config))
  const sizes: number[] = []
  let chunk = chunker.begin(chunkerMemoryBytes)
  for (let at = 0; at < bytes.length;) {
    at = Math.min(bytes.length, at + pieceBytes)
    for (let cut = chunker.scan(chunk, chunkerMemoryBytes + at); cut !== undefined; cut = chunker.scan(chunk, chunkerMemoryBytes + at)) {
      sizes.push(cut - chunk.start)
      chunk = chunker.begin(cut)
    }
  }
  const rest = chunkerMemoryBytes + bytes.length - chunk.start
  return rest > 0 ? [...sizes, rest] : sizes
}

/** The same rule written plainly with big numbers: the slow second opinion. */
function plainChunksOf(bytes: Uint8Array): number[] {
  const table = gearTable(config)
  const sizes: number[] = []
  for (let start = 0; start < bytes.length; start += sizes.at(-1)!) sizes.push(plainChunk(table, bytes.subarray(start)))
  return sizes
}

function plainChunk(table: BigUint64Array, bytes: Uint8Array): number {
  let hash = 0n
  for (let at = limits.chunkSizeBytesMin - 64; at < bytes.length; at += 1) {
    hash = BigInt.asUintN(64, (hash << 1n) + table[bytes[at]!]!)
    const zeroBits = at < limits.chunkSizeBytesMean ? 20n : 18n
    if (at >= limits.chunkSizeBytesMin && hash >> (64n - zeroBits) === 0n) return at + 1
    if (at + 1 === limits.chunkSizeBytesMax) return at + 1
  }
  return bytes.length
}

test('the chunks are those of a plain second implementation, whatever pieces the bytes come in', () => {
  const bytes = randomBytes(12 * MiB)
  const expected = plainChunksOf(bytes)
  assert.ok(expected.length > 5)
  for (const pieceBytes of [bytes.length, MiB, 100_003, 64 * KiB]) assert.deepEqual(chunksOf(bytes, pieceBytes), expected)
})

test('chunks stay within their bounds, and their mean is about one MiB', () => {
  const sizes = chunksOf(randomBytes(128 * MiB), MiB)
  for (const size of sizes.slice(0, -1)) assert.ok(size > limits.chunkSizeBytesMin && size <= limits.chunkSizeBytesMax)
  const mean = (128 * MiB) / sizes.length
  assert.ok(mean > 0.85 * MiB && mean < 1.3 * MiB, String(mean))
  // Nothing to cut at: the maximum it is.
  assert.ok(chunksOf(Buffer.alloc(20 * MiB), MiB).every((size) => size <= limits.chunkSizeBytesMax))
})

test('bytes inserted in the middle change the chunks around them only', () => {
  const bytes = randomBytes(24 * MiB)
  const before = chunksOf(bytes, MiB)
  const after = chunksOf(Buffer.concat([bytes.subarray(0, 12 * MiB), Buffer.from('a new row'), bytes.subarray(12 * MiB)]), MiB)
  assert.deepEqual(after.slice(0, 5), before.slice(0, 5))
  assert.deepEqual(after.slice(-5), before.slice(-5))
})

test('another repository cuts the same bytes elsewhere', () => {
  assert.notDeepEqual(gearTable(newConfig(systemRandom)), gearTable(config))
  assert.deepEqual(gearTable(config), gearTable({ ...config }))
})
