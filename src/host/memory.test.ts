import assert from 'node:assert/strict'
import test from 'node:test'
import { freeAtOnce } from './memory.ts'

test('the memory of a large buffer is given back, that of small and shared ones is left alone', () => {
  const large = Buffer.alloc(1_000_000)
  freeAtOnce(large)
  assert.equal(large.byteLength, 0)
  for (const kept of [Buffer.from('of the pool'), Buffer.allocUnsafe(4000), Buffer.from(new SharedArrayBuffer(1_000_000))]) {
    const length = kept.byteLength
    freeAtOnce(kept)
    assert.equal(kept.byteLength, length)
  }
})
