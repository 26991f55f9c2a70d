import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forecastOf } from './forecast.ts'

const days = [
  { at: '2026-03-01T00:00:00Z', storedBytes: 100 },
  { at: '2026-03-07T00:00:00Z', storedBytes: 160 },
]

test('the forecast goes on from the last look at the growth that was fitted, as far ahead as was seen', () => {
  const points = forecastOf({ days, growthBytesPerDay: 10 })
  assert.equal(points.length, 8)
  assert.deepEqual(points[1], { at: Date.parse('2026-03-07T00:00:00Z'), stored: 160, forecast: 160 })
  assert.deepEqual(points.at(-1), { at: Date.parse('2026-03-13T00:00:00Z'), forecast: 220 })
})

test('without a growth there is none, and nothing is ever below zero', () => {
  assert.ok(forecastOf({ days, growthBytesPerDay: null }).every(({ forecast }) => forecast === undefined))
  assert.equal(forecastOf({ days, growthBytesPerDay: -1_000 }).at(-1)!.forecast, 0)
  assert.deepEqual(forecastOf({ days: [], growthBytesPerDay: 5 }), [])
})
