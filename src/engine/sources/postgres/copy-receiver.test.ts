import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { CopyReceiver } from './copy-receiver.ts'
import { createRowHash } from './row-hash.ts'

const key = Uint8Array.from({ length: 16 }, (_, i) => i)

function message(code: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.write(code, 'latin1')
  head.writeUInt32BE(content.byteLength + 4, 1)
  return Buffer.concat([head, content])
}

const commandComplete = message('C', Buffer.from('COPY 1\0'))

/** What a reader gets that takes whatever is ready once `takeEvery` pieces have come. */
function receive(pieces: readonly Uint8Array[], { isInPlace, takeEvery }: { isInPlace: boolean; takeEvery: number }) {
  const taken: Buffer[] = []
  let rest: Buffer | undefined
  using receiver = new CopyReceiver(key, { ready: () => {}, ended: (bytes) => (rest = Buffer.from(bytes)) })
  const take = () => {
    for (let bytes = receiver.take(); bytes; bytes = receiver.take()) taken.push(Buffer.from(bytes))
  }
  let left = takeEvery
  const give = (bytes: Uint8Array) => {
    if (rest) rest = Buffer.concat([rest, bytes])
    else receiver.received(bytes)
    left -= 1
    if (left > 0) return
    left = takeEvery
    take()
  }
  const giveInPlace = (piece: Uint8Array) => {
    for (let at = 0; at < piece.byteLength;) {
      const room = receiver.room()
      const part = piece.subarray(at, at + room.byteLength)
      room.set(part)
      give(rest ? part : room.subarray(0, part.byteLength))
      at += part.byteLength
    }
  }
  for (const piece of pieces) (isInPlace ? giveInPlace : give)(piece)
  take()
  return { text: Buffer.concat(taken), rest, hash: receiver.digest() }
}

function expected(rows: readonly Uint8Array[]) {
  const hash = createRowHash(key)
  for (const row of rows) hash.update(row)
  return { text: Buffer.concat(rows), rest: commandComplete, hash: hash.digest() }
}

const line = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from([...bytes.map((byte) => (byte === 10 ? 11 : byte)), 10]))
const between = fc.constantFrom(message('N', Buffer.from('SNOTICE\0\0')), message('S', Buffer.from('a\0b\0')), Buffer.alloc(0))

test('INV-504 rows come out whole and hashed, wherever their messages are cut and whatever stands between them', () => {
  const rows = fc.array(fc.tuple(between, line), { maxLength: 12 })
  fc.assert(
    fc.property(
      rows,
      fc.array(fc.nat(900), { maxLength: 8 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 9 }),
      (made, cuts, isInPlace, takeEvery) => {
        const stream = Buffer.concat([
          message('H', Buffer.alloc(3)),
          ...made.flatMap(([other, row]) => [other, message('d', row)]),
          commandComplete,
        ])
        const places = [0, ...cuts.map((cut) => cut % stream.byteLength).toSorted((a, b) => a - b), stream.byteLength]
        const pieces = places.slice(1).map((end, at) => stream.subarray(places[at], end))
        assert.deepEqual(receive(pieces, { isInPlace, takeEvery }), expected(made.map(([, row]) => row)))
      },
    ),
  )
})

test('INV-504 a slow reader loses nothing, and a row longer than all memory of the receiver comes through', () => {
  const rows = [Buffer.alloc(2_000_000, 'x'), ...Array.from({ length: 20_000 }, (_, at) => Buffer.from(`${'y'.repeat(at % 200)}\n`))]
  rows[0]![1_999_999] = 10
  const stream = Buffer.concat([...rows.map((row) => message('d', row)), commandComplete])
  for (const pieceBytes of [7_001, 65_536, 300_000]) {
    const pieces = Array.from({ length: Math.ceil(stream.byteLength / pieceBytes) }, (_, at) =>
      stream.subarray(at * pieceBytes, (at + 1) * pieceBytes),
    )
    for (const takeEvery of [1, 50]) {
      const received = receive(pieces, { isInPlace: false, takeEvery })
      const wanted = expected(rows)
      assert.deepEqual(received.hash, wanted.hash)
      assert.ok(received.text.equals(wanted.text))
      assert.deepEqual(received.rest, wanted.rest)
    }
  }
})
