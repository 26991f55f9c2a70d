import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Measuring } from './measured.ts'

test('percent and time left are told where the whole is known, and only there', () => {
  const measuring = new Measuring()
  assert.deepEqual(measuring.note({ stage: 'store', doneBytes: 100 }, 0), {
    stage: 'store',
    percent: null,
    doneBytes: 100,
    totalBytes: null,
    doneFiles: null,
    bytesPerSecond: null,
    leftSeconds: null,
  })
  const later = measuring.note({ stage: 'store', doneBytes: 2_100, totalBytes: 10_100, doneFiles: 3 }, 2_000)
  assert.equal(later.bytesPerSecond, 1_000)
  assert.equal(later.leftSeconds, 8)
  assert.ok(Math.abs(later.percent! - 20.79) < 0.01)
  assert.equal(later.doneFiles, 3)
})

test('the speed is that of the last seconds, begins anew with each stage, and is not told before it is one', () => {
  const measuring = new Measuring()
  measuring.note({ stage: 'load', doneBytes: 0 }, 0)
  assert.equal(measuring.note({ stage: 'load', doneBytes: 10 }, 500).bytesPerSecond, null)
  measuring.note({ stage: 'load', doneBytes: 10_000 }, 10_000)
  measuring.note({ stage: 'load', doneBytes: 10_000 }, 20_000)
  assert.equal(measuring.note({ stage: 'load', doneBytes: 10_000 }, 26_000).bytesPerSecond, 0)
  assert.equal(measuring.note({ stage: 'load', doneBytes: 10_000, totalBytes: 20_000 }, 26_000).leftSeconds, null)
  assert.equal(measuring.note({ stage: 'verify', doneBytes: 5 }, 30_000).bytesPerSecond, null)
  assert.equal(measuring.note({ stage: 'verify', doneBytes: 1 }, 40_000).bytesPerSecond, null)
})

test('more bytes than were foreseen are all of them, not more', () => {
  const measured = new Measuring().note({ stage: 'store', doneBytes: 30, totalBytes: 20 }, 0)
  assert.equal(measured.percent, 100)
  assert.equal(measured.doneBytes, 30)
})
