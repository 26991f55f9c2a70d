import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durations } from '#base/units.ts'
import { trendOf } from './drill-trend.ts'

const weekly = (...minutes: number[]) =>
  minutes.map((taken, week) => ({
    id: `drill ${week}`,
    at: new Date(Date.UTC(2026, 0, 4) + week * 7 * durations.day),
    restoredInMs: taken * durations.minute,
    logicalBytes: null,
  }))
const hour = durations.hour

test('restores that take a minute longer each week miss an objective on a day that is named', () => {
  const trend = trendOf(weekly(30, 31, 32, 33, 34), hour)
  assert.equal(Math.round(trend.growthMsPerMonth! / durations.second), Math.round((30 / 7) * 60))
  // 26 weeks after the last drill, on 1 February.
  assert.equal(trend.missedFrom?.slice(0, 10), '2026-08-02')
  assert.equal(
    trend.inWords,
    'The last drill restored in 34m 0s, within the objective of 1h 0m. A restore takes 4m 17s longer each month. If that goes on, the objective is missed from 2026-08-02.',
  )
})

test('one drill on a busy machine turns no trend', () => {
  const trend = trendOf(weekly(30, 30, 55, 30, 30, 30), hour)
  assert.deepEqual([trend.growthMsPerMonth, trend.missedFrom], [0, null])
  assert.match(trend.inWords, /The time is steady\.$/)
})

test('what is longer than the objective is missed already, and without drills nothing is claimed', () => {
  const late = trendOf(weekly(70, 71, 72), hour)
  assert.equal(late.missedFrom, '2026-01-18T00:00:00.000Z')
  assert.match(late.inWords, /longer than the objective of 1h 0m/)
  assert.equal(trendOf([], hour).inWords, 'No drill has passed yet: nobody knows how long a restore takes.')
  assert.deepEqual(trendOf(weekly(5, 6), null).growthMsPerMonth, null)
})
