import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { addRowsHash, createRowHash, noRows } from './row-hash.ts'

const key = Uint8Array.from({ length: 16 }, (_, i) => i)
const mask = 2n ** 64n - 1n

/** A slow second implementation, straight from the paper, for checking alone. */
function sipHash128(sipKey: Uint8Array, message: Uint8Array): bigint {
  const word = (bytes: Uint8Array, at: number) => {
    let value = 0n
    for (let i = 7; i >= 0; i -= 1) value = (value << 8n) | BigInt(bytes[at + i] ?? 0)
    return value
  }
  const rotate = (x: bigint, by: bigint) => ((x << by) | (x >> (64n - by))) & mask
  const k0 = word(sipKey, 0)
  const k1 = word(sipKey, 8)
  const v = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn ^ 0xeen, k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n] as [
    bigint,
    bigint,
    bigint,
    bigint,
  ]
  const rounds = (count: number) => {
    for (let i = 0; i < count; i += 1) {
      v[0] = (v[0] + v[1]) & mask
      v[1] = rotate(v[1], 13n) ^ v[0]
      v[0] = rotate(v[0], 32n)
      v[2] = (v[2] + v[3]) & mask
      v[3] = rotate(v[3], 16n) ^ v[2]
      v[0] = (v[0] + v[3]) & mask
      v[3] = rotate(v[3], 21n) ^ v[0]
      v[2] = (v[2] + v[1]) & mask
      v[1] = rotate(v[1], 17n) ^ v[2]
      v[2] = rotate(v[2], 32n)
    }
  }
  const compress = (m: bigint) => {
    v[3] ^= m
    rounds(2)
    v[0] ^= m
  }
  const whole = message.length - (message.length % 8)
  for (let at = 0; at < whole; at += 8) compress(word(message, at))
  compress(word(message.subarray(whole), 0) | (BigInt(message.length & 0xff) << 56n))
  v[2] ^= 0xeen
  rounds(4)
  const low = v[0] ^ v[1] ^ v[2] ^ v[3]
  v[1] ^= 0xddn
  rounds(4)
  return ((v[0] ^ v[1] ^ v[2] ^ v[3]) << 64n) | low
}

const hashOf = (text: Uint8Array, cuts: readonly number[] = []) => {
  const hash = createRowHash(key)
  let from = 0
  for (const cut of [...cuts.map((c) => c % (text.length + 1)).toSorted((a, b) => a - b), text.length]) {
    hash.update(text.subarray(from, cut))
    from = cut
  }
  return hash.digest()
}

const slowHashOf = (lines: readonly Uint8Array[]) => ({
  rows: lines.length,
  sum: (lines.reduce((sum, line) => sum + sipHash128(key, line), 0n) & (2n ** 128n - 1n)).toString(16).padStart(32, '0'),
})

/** vectors_sip128 of the reference implementation; `openssl mac -macopt size:16 SIPHASH` prints the same. */
const published: readonly (readonly [message: string, hash: string])[] = [
  ['', 'a3817f04ba25a8e66df67214c7550293'],
  ['00', 'da87c1d86b99af44347659119b22fc45'],
  ['0001', '8177228da4a45dc7fca38bdef60affe4'],
  ['000102', '9c70b60c5267a94e5f33b6b02985ed51'],
]

test('SAFETY rule 18: SipHash-2-4-128 gives the published vectors', () => {
  for (const [message, hex] of published) {
    const bytes = Buffer.from(message, 'hex')
    const expected = BigInt(`0x${Buffer.from(Buffer.from(hex, 'hex').toReversed()).toString('hex')}`)
    assert.equal(sipHash128(key, bytes), expected, message)
    assert.deepEqual(hashOf(Buffer.concat([bytes, Buffer.from('\n')])), { rows: 1, sum: expected.toString(16).padStart(32, '0') })
  }
})

test('SAFETY rule 18: any lines, cut anywhere, hash as the slow implementation says', () => {
  const line = fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.map((byte) => (byte === 10 ? 11 : byte)))
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), fc.array(fc.nat(500), { maxLength: 6 }), (lines, cuts) => {
      const text = Buffer.concat(lines.flatMap((bytes) => [bytes, Buffer.from('\n')]))
      assert.deepEqual(hashOf(text, cuts), slowHashOf(lines))
    }),
  )
})

test('a line longer than any buffer hashes as the slow implementation says', () => {
  const line = Buffer.alloc(700_001, 'x')
  assert.deepEqual(hashOf(Buffer.concat([line, Buffer.from('\n')]), [300_000, 300_003]), slowHashOf([line]))
})

test('SAFETY rule 18: the order of rows does not matter, pairs of equal rows do, and so does the key', () => {
  const text = (...lines: string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''))
  assert.deepEqual(hashOf(text('a', 'b', 'c')), hashOf(text('c', 'a', 'b')))
  assert.notDeepEqual(hashOf(text('a', 'a')), hashOf(text('b', 'b')))
  assert.notEqual(hashOf(text('a', 'a', 'b', 'b')).sum, noRows.sum)
  const other = createRowHash(new Uint8Array(16))
  other.update(text('a'))
  assert.notEqual(other.digest().sum, hashOf(text('a')).sum)
})

test('the hashes of segments add up to the hash of the table', () => {
  const first = hashOf(Buffer.from('a\nb\n'))
  const second = hashOf(Buffer.from('c\n'))
  assert.deepEqual(addRowsHash(first, second), hashOf(Buffer.from('a\nb\nc\n')))
  assert.deepEqual(hashOf(Buffer.alloc(0)), noRows)
})

test('a stream that ends within a line is refused', () => {
  assert.throws(() => hashOf(Buffer.from('a\nb')), /ended within a line/)
})
