import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { limits } from '#base/limits.ts'
import { systemRandom } from '#host/random.ts'
import { KiB, MiB } from '#base/units.ts'
import { Chunker, chunkerMemoryBytes, gearTable, type Grain } from './chunker.ts'
import { newConfig, type RepositoryConfig } from './config.ts'

const config = newConfig(systemRandom)

interface Cut {
  readonly of?: RepositoryConfig
  readonly grain?: Grain
}

function chunksOf(bytes: Uint8Array, pieceBytes: number | readonly number[], { of = config, grain = 'coarse' }: Cut = {}): number[] {
  const pages = Math.ceil((chunkerMemoryBytes + bytes.length) / 65_536)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  new Uint8Array(memory.buffer).set(bytes, chunkerMemoryBytes)
  const chunker = new Chunker(memory, gearTable(of))
  const sizes: number[] = []
  let turn = 0
  let chunk = chunker.begin(chunkerMemoryBytes, grain)
  for (let at = 0; at < bytes.length;) {
    const piece = typeof pieceBytes === 'number' ? pieceBytes : pieceBytes[turn++ % pieceBytes.length]!
    at = Math.min(bytes.length, at + piece)
    for (let cut = chunker.scan(chunk, chunkerMemoryBytes + at); cut !== undefined; cut = chunker.scan(chunk, chunkerMemoryBytes + at)) {
      sizes.push(cut - chunk.start)
      chunk = chunker.begin(cut, grain)
    }
  }
  const rest = chunkerMemoryBytes + bytes.length - chunk.start
  return rest > 0 ? [...sizes, rest] : sizes
}

/** The same rule written plainly with big numbers: the slow second opinion. */
function plainChunksOf(bytes: Uint8Array, rule: PlainRule): number[] {
  const table = gearTable(config)
  const sizes: number[] = []
  for (let start = 0; start < bytes.length; start += sizes.at(-1)!) sizes.push(plainChunk(table, bytes.subarray(start), rule))
  return sizes
}

interface PlainRule {
  readonly min: number
  readonly mean: number
  readonly bits: bigint
}

const plainRules: Readonly<Record<Grain, PlainRule>> = {
  coarse: { min: 512 * KiB, mean: MiB, bits: 20n },
  fine: { min: 128 * KiB, mean: 256 * KiB, bits: 18n },
}

function plainChunk(table: BigUint64Array, bytes: Uint8Array, { min, mean, bits }: PlainRule): number {
  let hash = 0n
  for (let at = min - 64; at < bytes.length; at += 1) {
    hash = BigInt.asUintN(64, (hash << 1n) + table[bytes[at]!]!)
    const zeroBits = at < mean ? bits : bits - 2n
    if (at >= min && hash >> (64n - zeroBits) === 0n) return at + 1
    if (at + 1 === limits.chunkSizeBytesMax) return at + 1
  }
  return bytes.length
}

test('the chunks are those of a plain second implementation, whatever pieces the bytes come in', () => {
  for (const [grain, sizeBytes] of [
    ['coarse', 12 * MiB],
    ['fine', 3 * MiB],
  ] as const) {
    const bytes = randomBytes(sizeBytes)
    const expected = plainChunksOf(bytes, plainRules[grain])
    assert.ok(expected.length > 5)
    for (const pieceBytes of [bytes.length, MiB, 100_003, 64 * KiB]) assert.deepEqual(chunksOf(bytes, pieceBytes, { grain }), expected)
  }
})

test('chunks stay within their bounds, and their mean is about one MiB, a quarter of it when cut fine', () => {
  const sizes = chunksOf(randomBytes(128 * MiB), MiB)
  for (const size of sizes.slice(0, -1)) assert.ok(size > limits.chunkSizeBytesMin && size <= limits.chunkSizeBytesMax)
  const mean = (128 * MiB) / sizes.length
  assert.ok(mean > 0.85 * MiB && mean < 1.3 * MiB, String(mean))
  const fineMean = (32 * MiB) / chunksOf(randomBytes(32 * MiB), MiB, { grain: 'fine' }).length
  assert.ok(fineMean > 0.2 * MiB && fineMean < 0.33 * MiB, String(fineMean))
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

test('the same bytes have the same cuts in whatever pieces they come, and a stream begins as it did alone', () => {
  const bytes = randomBytes(6 * MiB)
  const whole = chunksOf(bytes, bytes.length)
  const pieces = fc.array(fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 5000, max: 3 * MiB })), {
    minLength: 1,
    maxLength: 6,
  })
  fc.assert(
    fc.property(pieces, fc.nat(3 * MiB), (sizes, more) => {
      assert.deepEqual(chunksOf(bytes, [...sizes, 100_000]), whole)
      // What follows changes nothing but the last chunk, which was cut by the end of the stream alone.
      const longer = chunksOf(Buffer.concat([bytes, Buffer.alloc(more, 7)]), MiB)
      assert.deepEqual(longer.slice(0, whole.length - 1), whole.slice(0, -1))
      assert.equal(
        longer.reduce((sum, size) => sum + size, 0),
        bytes.length + more,
      )
    }),
    { numRuns: 12 },
  )
})

test('a repository of today cuts as it did when this was written: whoever changes it gives up all deduplication', () => {
  const fixed: RepositoryConfig = { version: 2, id: 'c0'.repeat(32), chunkerPolynomial: '3b31ea60e9a31f' }
  const table = gearTable(fixed)
  assert.equal(createHash('sha256').update(new Uint8Array(table.buffer)).digest('hex'), goldenTable)
  // AES-128-CTR of zeros under a key of zeros: random, and the same everywhere.
  const bytes = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(16 * MiB))
  assert.deepEqual(chunksOf(bytes, 300_000, { of: fixed }), goldenSizes)
})

const goldenTable = 'a11db40fc92251540ed2687855d6757803a33036bee07e2a6a41c6f7134986f3'
const goldenSizes = [
  783_748, 809_277, 839_845, 1_436_484, 589_087, 1_284_866, 855_976, 1_645_507, 1_692_506, 1_074_586, 1_518_263, 748_983, 622_074, 563_104,
  1_306_386, 751_736, 254_788,
]
