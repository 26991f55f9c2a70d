import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GiB, MiB } from '#base/units.ts'
import { lowOf, needOf, reserveOf, shortfallOf } from './fit.ts'

const bytes = fc.integer({ min: 0, max: 4096 * GiB })
const forecast = { earliestInDays: null, words: 'it does not grow' }

test('nothing is refused that nobody knows, and what is refused would leave less than the reserve', () => {
  assert.equal(shortfallOf({ freeBytes: null, storedBytes: GiB }, GiB), undefined)
  assert.equal(shortfallOf({ freeBytes: 0, storedBytes: GiB }, null), undefined)
  fc.assert(
    fc.property(bytes, bytes, bytes, (freeBytes, storedBytes, needed) => {
      const room = { freeBytes, storedBytes }
      const isRefused = shortfallOf(room, needed) !== undefined
      assert.equal(isRefused, freeBytes - needed < reserveOf(room))
    }),
  )
})

test('whatever refuses a backup as large as the largest was said to be low before', () => {
  fc.assert(
    fc.property(bytes, bytes, fc.integer({ min: 1, max: 64 * GiB }), (freeBytes, storedBytes, largestNeedBytes) => {
      const room = { freeBytes, storedBytes }
      if (shortfallOf(room, largestNeedBytes) !== undefined) assert.ok(lowOf(room, { largestNeedBytes, forecast }) !== undefined)
    }),
  )
})

test('the need is that of the largest later backup with what came since; of the first by its content', () => {
  const facts = {
    laterStoredBytes: [MiB, 3 * MiB],
    firstStoredBytes: 100 * MiB,
    grownBytes: 10 * MiB,
    logicalBytes: 400 * MiB,
    packedShare: 0.25,
  }
  assert.equal(needOf(facts), 5.5 * MiB)
  assert.equal(needOf({ ...facts, laterStoredBytes: [] }), 12.5 * MiB)
  assert.equal(needOf({ ...facts, laterStoredBytes: [], firstStoredBytes: null }), 100 * MiB)
  assert.equal(needOf({ ...facts, laterStoredBytes: [], firstStoredBytes: null, packedShare: null }), 200 * MiB)
  assert.equal(needOf({ ...facts, laterStoredBytes: [], firstStoredBytes: null, logicalBytes: null }), null)
})
