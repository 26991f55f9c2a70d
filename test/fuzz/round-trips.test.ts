import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '#base/clock.ts'
import type { BlobId, PackId, SnapshotId } from '#base/ids.ts'
import { indexFileIds, loadIndexFile, saveIndex } from '#engine/repository/index-file.ts'
import { PackIndex } from '#engine/repository/pack-index.ts'
import type { PackedBlob } from '#engine/repository/pack.ts'
import { newRecoveryKey, readRecoveryKey } from '#engine/repository/recovery-key.ts'
import { sealingKey } from '#engine/repository/seal.ts'
import { decodeSnapshot, encodeSnapshot } from '#engine/repository/snapshot.ts'
import { CopyField, unescapeField } from '#engine/sources/postgres/copy-fields.ts'
import { createRowHash } from '#engine/sources/postgres/row-hash.ts'
import { memory } from '#engine/storage/memory.ts'
import { systemRandom } from '#host/random.ts'

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')

const anyPacks = fc
  .array(
    fc.array(fc.record({ name: fc.nat(30), type: fc.constantFrom('data', 'tree'), size: fc.nat(5000), plain: fc.option(fc.nat(9000)) })),
    {
      maxLength: 6,
    },
  )
  .map((packs) =>
    packs.map((blobs, pack) => {
      let offset = 0
      const packed = blobs.map(({ name, type, size, plain }): PackedBlob => {
        // restic has no word for "compressed to nothing", so 0 means that it is not.
        const isCompressed = plain !== null && plain > 0
        const sizeBytes = size + 32
        const blob = {
          id: hashOf(`blob ${name}`) as BlobId,
          type,
          offset,
          sizeBytes,
          plainSizeBytes: isCompressed ? plain : size,
          isCompressed,
        }
        offset += sizeBytes
        return blob
      })
      return { id: hashOf(`pack ${pack}`) as PackId, blobs: packed }
    }),
  )

test('an index file says what was written into it, and the table of packs finds what a plain map finds', async () => {
  const key = sealingKey(randomBytes(64))
  await fc.assert(
    fc.asyncProperty(anyPacks, async (packs) => {
      const place = { storage: memory(systemClock), key }
      await saveIndex(place, packs)
      const read = await Promise.all((await indexFileIds(place)).map((id) => loadIndexFile(place, id)))
      assert.deepEqual(
        read.flatMap((file) => file.packs),
        packs,
      )
      const index = new PackIndex()
      const plain = new Map<string, PackedBlob[]>()
      for (const { id, blobs } of packs) {
        index.addPack(id, blobs)
        for (const blob of blobs) {
          const name = `${blob.type} ${blob.id}`
          plain.set(name, [...(plain.get(name) ?? []), { ...blob, packId: id } as PackedBlob])
        }
        assert.deepEqual(
          index.blobsOf(id),
          blobs.map((blob) => ({ ...blob, packId: id })),
        )
      }
      const inOrder = (blobs: readonly PackedBlob[]) =>
        blobs.map((blob) => JSON.stringify(Object.entries(blob).toSorted(([a], [b]) => (a < b ? -1 : 1)))).toSorted()
      for (let name = 0; name <= 31; name += 1) {
        for (const type of ['data', 'tree'] as const) {
          const id = hashOf(`blob ${name}`) as BlobId
          assert.deepEqual(inOrder(index.findAll(type, id)), inOrder(plain.get(`${type} ${id}`) ?? []))
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('a snapshot says what was written into it, whatever its texts are', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 })
  const snapshots = fc.record({
    time: fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true }),
    tree: fc.constant(hashOf('tree') as BlobId),
    paths: fc.array(text),
    hostname: text,
    username: text,
    tags: fc.array(text),
    uid: fc.nat(),
    gid: fc.nat(),
  })
  const id = hashOf('snapshot') as SnapshotId
  fc.assert(fc.property(snapshots, (snapshot) => assert.deepEqual(decodeSnapshot(encodeSnapshot(snapshot), id), { ...snapshot, id })))
})

test('a recovery key opens however it is typed, and one wrong letter is told', () => {
  const separators = fc.array(fc.constantFrom('', ' ', '-', '  '), { minLength: 42, maxLength: 42 })
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  fc.assert(
    fc.property(
      separators,
      fc.array(fc.boolean(), { minLength: 42, maxLength: 42 }),
      fc.nat(35),
      fc.integer({ min: 1, max: 31 }),
      (gaps, cases, at, by) => {
        const printed = newRecoveryKey(systemRandom)
        const letters = [...printed.replaceAll('-', '')]
        const typed = letters.map((letter, place) => (cases[place] ? letter.toLowerCase() : letter) + gaps[place]!).join('')
        assert.deepEqual(readRecoveryKey(typed), { kind: 'recovery-key', text: printed })
        const wrong = letters.with(at, alphabet[(alphabet.indexOf(letters[at]!) + by) % 32]!).join('')
        const read = readRecoveryKey(wrong)
        // A checksum of 20 bits misses one error in a million, which no run of this test meets.
        assert.equal(read.kind, 'mistyped')
      },
    ),
  )
})

/** COPY text as PostgreSQL's CopyAttributeOutText writes it. */
function copyText(rows: readonly (readonly (Uint8Array | null)[])[]): Buffer {
  const letters: Readonly<Record<number, string>> = { 8: 'b', 9: 't', 10: 'n', 11: 'v', 12: 'f', 13: 'r', 92: '\\' }
  const field = (value: Uint8Array | null) =>
    value === null
      ? '\\N'
      : [...value].map((byte) => (letters[byte] === undefined ? String.fromCharCode(byte) : `\\${letters[byte]}`)).join('')
  return Buffer.from(rows.map((row) => `${row.map(field).join('\t')}\n`).join(''), 'latin1')
}

const columns = 3
const value = fc.option(
  fc
    .oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.array(fc.constantFrom(9, 10, 92, 78, 46, 8, 11, 13), { maxLength: 8 }).map((bytes) => Uint8Array.from(bytes)),
    )
    // A database's text never holds a NUL.
    .map((bytes) => bytes.filter((byte) => byte !== 0)),
)
const anyRows = fc.array(fc.tuple(value, value, value), { maxLength: 12 })
const anyCuts = fc.array(fc.nat(400), { maxLength: 8 })

function pieces(text: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length]
  return places.slice(1).map((end, at) => text.subarray(places[at], end))
}

test('fields come out of COPY text as the values that went in, wherever the stream is cut', () => {
  fc.assert(
    fc.property(anyRows, anyCuts, (rows, cuts) => {
      const text = copyText(rows)
      for (let column = 0; column < columns; column += 1) {
        const reader = new CopyField(column)
        // A buffer of the source is used again for the next piece.
        const found = pieces(text, cuts).flatMap((piece) => {
          const shared = Buffer.from(piece)
          const values = [...reader.take(shared)].map((field) => Buffer.from(unescapeField(field)))
          shared.fill(0)
          return values
        })
        const wanted = rows.flatMap((row) => (row[column] === null ? [] : [Buffer.from(row[column]!)]))
        assert.deepEqual(found, wanted)
      }
    }),
  )
})

test('SAFETY 18 rows are counted as there are, wherever the stream is cut, and equal rows in any order hash alike', () => {
  const key = Uint8Array.from({ length: 16 }, (_, at) => at)
  const hash = (text: Buffer, cuts: readonly number[]) => {
    const row = createRowHash(key)
    for (const piece of pieces(text, cuts)) row.update(piece)
    return row.digest()
  }
  fc.assert(
    fc.property(anyRows, anyCuts, (rows, cuts) => {
      const whole = hash(copyText(rows), [])
      assert.equal(whole.rows, rows.length)
      assert.deepEqual(hash(copyText(rows), cuts), whole)
      assert.deepEqual(hash(copyText(rows.toReversed()), cuts), whole)
      const [first, ...rest] = rows
      if (first) assert.notDeepEqual(hash(copyText([first, first, ...rest]), cuts).sum, whole.sum)
    }),
  )
})
