import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MiB } from '#base/units.ts'
import { compare, pastMin } from './compare.ts'
import { clinicDays, type ClinicDay } from '#test/support/simulated-clinic.ts'
import type { PastPortrait, Portrait } from './portrait.ts'

const asPast = (days: readonly Portrait[]): PastPortrait[] => days.map((day) => ({ ...day, accepted: [] })).toReversed()
const measuresOf = (now: Portrait, past: readonly PastPortrait[]) => compare(now, past).map(({ measure }) => measure)

const seeds = fc.integer({ min: 1, max: 1_000_000 })
const large = ['rows main.public.patient', 'rows main.public.visit', 'rows main.public.observation', 'files uploads'] as const

function withCount(day: ClinicDay, measure: string, count: number): Portrait {
  return { ...day, counts: new Map([...day.counts, [measure, count]]) }
}

test('SAFETY rule 28: thirty normal days raise no alarm: weekends, purges, queues, imports and growth are everyday', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const days = clinicDays(seed, 60)
      for (let day = pastMin; day < days.length; day += 1)
        assert.deepEqual(compare(days[day]!, asPast(days.slice(Math.max(0, day - 30), day))), [], `day ${day}`)
    }),
    { numRuns: 60 },
  )
})

test('SAFETY rule 28: a table that lost nine rows of ten raises one, on any day, whichever it was', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: pastMin, max: 59 }), fc.constantFrom(...large), (seed, at, measure) => {
      const days = clinicDays(seed, at + 1)
      const emptied = withCount(days[at]!, measure, Math.floor(days[at]!.counts.get(measure)! / 10))
      assert.deepEqual(measuresOf(emptied, asPast(days.slice(0, at).slice(-30))), [measure])
    }),
  )
})

test('data that somebody encrypted raises two: all of it is new, and none of it can be compressed', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: pastMin, max: 59 }), (seed, at) => {
      const days = clinicDays(seed, at + 1)
      const { logicalBytes } = days[at]!
      const encrypted = { ...days[at]!, newBytes: logicalBytes, storedBytes: Math.round(logicalBytes * 1.001) }
      const before = days.slice(0, at).slice(-30)
      // What is said of compression rests on days with enough that was new.
      const isKnown = before.filter(({ newBytes }) => newBytes >= 1 * MiB).length >= pastMin
      assert.deepEqual(measuresOf(encrypted, asPast(before)), isKnown ? ['changed', 'compression'] : ['changed'])
    }),
  )
})

test('how large everything is changes nothing', () => {
  const scaled = (portrait: Portrait, by: number): Portrait => ({
    logicalBytes: portrait.logicalBytes * by,
    newBytes: portrait.newBytes! * by,
    storedBytes: portrait.storedBytes! * by,
    counts: new Map([...portrait.counts].map(([name, count]) => [name, count * by])),
  })
  fc.assert(
    fc.property(seeds, fc.integer({ min: 2, max: 50 }), (seed, by) => {
      const days = clinicDays(seed, 21)
      const now = withCount(days.at(-1)!, large[1], 7)
      const past = asPast(days.slice(0, -1))
      const found = measuresOf(now, past)
      const larger = past.map((one) => ({ ...scaled(one, by), accepted: [] }))
      assert.deepEqual(measuresOf(scaled(now, by), larger), found)
    }),
  )
})

test('it says in words what is unlike, with the numbers', () => {
  const day = (patients: number): Portrait => ({
    logicalBytes: 100 * MiB,
    newBytes: 2 * MiB,
    storedBytes: 1 * MiB,
    counts: new Map([['rows main.public.patient', patients]]),
  })
  const past = asPast([10_000, 10_010, 10_025, 10_030, 10_034, 10_040, 10_052].map(day))
  assert.deepEqual(
    compare(day(1_003), past).map(({ fact }) => fact),
    ['main.public.patient has 1,003 rows, usually 10,030 (median of the last 7 backups): 90 % less'],
  )
  assert.match(compare({ ...day(10_060), counts: new Map() }, past)[0]!.fact, /has 0 rows, .*: nothing is left$/)
  assert.deepEqual(
    compare({ ...day(10_060), logicalBytes: 40 * MiB }, past).map(({ fact }) => fact),
    ['it holds 40.0 MiB, usually 100.0 MiB (median of the last 7 backups): 60 % less'],
  )
  assert.deepEqual(
    compare({ ...day(10_060), newBytes: 98 * MiB, storedBytes: 98 * MiB }, [...past, ...past]).map(({ fact }) => fact),
    [
      '98 % of it is new (98.0 MiB), usually 2 % (median of the last 14 backups)',
      'compression saves 0 % of what is new (98.0 MiB), usually 50 % (median of the last 14 backups): so does data that somebody has encrypted',
    ],
  )
})

test('with too few before it nothing is said; what somebody accepted is where the usual begins', () => {
  const days = clinicDays(7, 20)
  const emptied = withCount(days.at(-1)!, large[1], 7)
  const past = asPast(days.slice(0, -1))
  assert.equal(compare(emptied, past.slice(0, pastMin - 1)).length, 0)
  assert.equal(compare(emptied, past.slice(0, pastMin)).length, 1)
  const accepted = [{ ...emptied, accepted: [large[1]] }, ...past]
  assert.deepEqual(compare(emptied, accepted), [])
  // The other measures are still watched, and so is this one once enough have followed.
  assert.deepEqual(measuresOf({ ...emptied, counts: new Map([...emptied.counts, [large[0], 7]]) }, accepted), [large[0]])
  const since = Array.from({ length: pastMin }, () => ({ ...withCount(days.at(-1)!, large[1], 5000), accepted: [] }))
  assert.deepEqual(measuresOf(emptied, [...since, ...accepted]), [large[1]])
})
