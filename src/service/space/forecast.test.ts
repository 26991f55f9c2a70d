import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { durations, GiB } from '#base/units.ts'
import { forecast, growthOf } from './forecast.ts'

const day = (number: number, storedBytes: number) => ({ at: new Date(Date.UTC(2026, 0, 1) + number * durations.day), storedBytes })
const steady = (days: number, bytesPerDay: number) => Array.from({ length: days }, (_, number) => day(number, GiB + number * bytesPerDay))

test('steady growth is found exactly, in any order of the days', () => {
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 60 }), fc.integer({ min: 1, max: 10 * GiB }), (days, bytesPerDay) => {
      const growth = growthOf(steady(days, bytesPerDay).toReversed())!
      for (const value of Object.values(growth)) assert.ok(Math.abs(value - bytesPerDay) < 1e-3 * bytesPerDay)
    }),
  )
})

test('a day on which a tenth of all days was imported or pruned moves the fit by little', () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 60 }), fc.integer({ min: 0, max: 59 }), fc.boolean(), (days, when, isPruned) => {
      const jump = (isPruned ? -1 : 1) * 500 * GiB
      const seen = steady(days, GiB).map(({ at, storedBytes }, number) => ({
        at,
        // One look goes astray, as while a prune is at work.
        storedBytes: number === when % days ? storedBytes + jump : storedBytes,
      }))
      assert.ok(Math.abs(growthOf(seen)!.bytesPerDay - GiB) < 0.05 * GiB)
    }),
  )
})

test('the forecast lies between its bounds, and never promises more than what is free', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -GiB, max: 5 * GiB }), { minLength: 5, maxLength: 40 }),
      fc.integer({ min: 0, max: 1000 * GiB }),
      (steps, freeBytes) => {
        let stored = 100 * GiB
        const found = forecast(
          steps.map((step, number) => day(number, (stored += step))),
          freeBytes,
        )
        const { earliestInDays: first, fullInDays: middle, latestInDays: last } = found
        if (middle !== null) assert.ok(first !== null && first <= middle && (last === null || middle <= last))
        if (last !== null) assert.ok(middle !== null)
        assert.ok(found.words.length > 10)
      },
    ),
  )
})

test('what cannot be known is said: too few days, nothing known to be free, no growth, uneven growth', () => {
  assert.match(forecast(steady(3, GiB), GiB).words, /^seen for less than 4 days/)
  assert.match(forecast(steady(9, GiB), null).words, /how much is free is not known/)
  assert.equal(forecast(steady(9, 0), GiB).words, 'it does not grow')
  assert.match(
    forecast(steady(9, GiB), 30 * GiB).words,
    /^it grows by about 1\.0 GiB a day: full in about 30 days \(30 days at the earliest, 30 days at the latest, by half of what was seen\)$/,
  )
  const uneven = [0, 0, 9, 0, 8, 30, 29, 60].map((gibibytes, number) => day(number, gibibytes * GiB))
  assert.match(forecast(uneven, 100 * GiB).words, /growth is uneven, so this is rough/)
})
