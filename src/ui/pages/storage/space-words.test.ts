import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkWords, printFilling, printGrowth, spaceRows } from './space-words.ts'

const at = '2026-11-01T12:00:00.000Z'
const forecast = (fullInDays: number | null, earliestInDays: number | null = null, latestInDays: number | null = null) => ({
  fullInDays,
  earliestInDays,
  latestInDays,
  words: 'it does not grow',
})

test('the day it fills is a date with its range; where there is none it is said why', () => {
  assert.equal(printFilling({ at, forecast: forecast(null) }), 'It does not grow')
  assert.equal(
    printFilling({ at, forecast: forecast(30, 20, 60) }),
    'About 1 Dec 2026 (at the earliest 21 Nov 2026, at the latest 31 Dec 2026)',
  )
  assert.equal(printFilling({ at, forecast: forecast(30, 20) }), 'About 1 Dec 2026 (at the earliest 21 Nov 2026, or never)')
})

test('growth that nobody knows is not none', () => {
  assert.equal(printGrowth(null), 'not known yet')
  assert.equal(printGrowth(0), 'none')
  assert.equal(printGrowth(2048), '2.0 KiB a day')
  assert.equal(printGrowth(-2048), '−2.0 KiB a day')
})

test('a check says what it looked at', () => {
  const check = { at, depth: 'full' as const, isIntact: true, findingCount: 0, findings: [] }
  assert.equal(checkWords(undefined).words, 'Not checked yet')
  assert.equal(checkWords(check).words, 'Whole (every byte)')
  assert.equal(checkWords({ ...check, share: { share: 3, of: 30 } }).words, 'Whole (share 3 of 30)')
  assert.deepEqual(checkWords({ ...check, depth: 'quick', isIntact: false, findingCount: 2 }), {
    words: '2 findings (structure)',
    tone: 'bad',
  })
})

test('the forecast begins where what was seen ends, and is drawn no further than that was, nor than the day it is full', () => {
  const days = Array.from({ length: 5 }, (_none, day) => ({ at: `2026-11-0${day + 1}T12:00:00.000Z`, storedBytes: 100 + day }))
  const rows = spaceRows(days, { growthBytesPerDay: 10, forecast: forecast(null) })
  assert.equal(rows.length, 10)
  assert.deepEqual(rows[4]!.values, { stored: 104, ahead: 104 })
  assert.deepEqual(rows[9], { at: '2026-11-10T12:00:00.000Z', values: { ahead: 154 } })
  assert.equal(spaceRows(days, { growthBytesPerDay: 10, forecast: forecast(2) }).length, 7)
  assert.equal(spaceRows(days, { growthBytesPerDay: null, forecast: forecast(null) }).length, 5)
  assert.equal(spaceRows(days.slice(0, 1), { growthBytesPerDay: 10, forecast: forecast(null) }).length, 1)
})
