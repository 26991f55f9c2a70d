import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { decodeIndex } from './index-file.ts'

const name = 'ab'.repeat(32)
const good = { id: 'cd'.repeat(32), type: 'data', offset: 0, length: 40, uncompressed_length: 100 }
const indexOf = (blob: unknown) => JSON.stringify({ packs: [{ id: 'ef'.repeat(32), blobs: [good, blob] }] })

test('what an index says of a blob is read, compressed or not', () => {
  const plain = { id: good.id, type: 'tree', offset: 40, length: 50 }
  for (const blob of [plain, { ...plain, uncompressed_length: 0 }, { ...plain, later: 'a field we do not know' }]) {
    const [pack] = decodeIndex(indexOf(blob), name).packs
    assert.deepEqual(pack!.blobs, [
      { id: good.id, type: 'data', offset: 0, sizeBytes: 40, plainSizeBytes: 100, isCompressed: true },
      { id: good.id, type: 'tree', offset: 40, sizeBytes: 50, plainSizeBytes: 18, isCompressed: false },
    ])
  }
})

test('a blob with any field wrong is DAMAGE_INDEX, and the field is named', () => {
  const wrong: Record<string, readonly unknown[]> = {
    id: [undefined, 7, 'cd', 'CD'.repeat(32), `${'cd'.repeat(32)}0`],
    type: [undefined, 'blob', 0, null],
    offset: [undefined, -1, 0.5, 2 ** 32, '0', null],
    length: [undefined, 31, -1, 40.5, 2 ** 32, '40', null],
    uncompressed_length: [-1, 1.5, 2 ** 32, '100', null],
  }
  for (const [field, values] of Object.entries(wrong)) {
    for (const value of values) {
      const isNamed = (error: unknown) => isFault(error, 'DAMAGE_INDEX') && String(error).includes(field)
      assert.throws(() => decodeIndex(indexOf({ ...good, [field]: value }), name), isNamed, `${field}: ${String(value)}`)
    }
  }
  for (const blob of [null, 7, 'blob', []])
    assert.throws(
      () => decodeIndex(indexOf(blob), name),
      (error) => isFault(error, 'DAMAGE_INDEX'),
    )
})
