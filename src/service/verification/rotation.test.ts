import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { durations } from '#base/units.ts'
import { dueShare, isDoubtOver, nextDue, type ReadShare } from './rotation.ts'

const start = new Date('2026-01-01T00:00:00Z')
const later = (days: number) => new Date(start.getTime() + days * durations.day)
const read = (share: number, shares: number, day: number, isIntact = true): ReadShare => ({
  share,
  shares,
  read_at: later(day),
  is_intact: isIntact,
})

/** Reads whatever is due, hour by hour, but for hours of standstill. Returns for each share the longest that it went unread, in days. */
function simulate(everyDays: number, hours: number, isDown: (hour: number) => boolean): number {
  const shares = new Map<number, ReadShare>()
  let [due, longestMs] = [start, 0]
  for (let hour = 0; hour < hours; hour += 1) {
    const now = new Date(start.getTime() + hour * durations.hour)
    for (const share of Array.from({ length: everyDays }, (_, index) => index + 1))
      longestMs = Math.max(longestMs, now.getTime() - (shares.get(share)?.read_at ?? start).getTime())
    if (isDown(hour) || now < due) continue
    const share = dueShare([...shares.values()], everyDays)
    shares.set(share, { share, shares: everyDays, read_at: now, is_intact: true })
    due = nextDue([...shares.values()], everyDays, now)
  }
  return longestMs / durations.day
}

test('every share is read within the days that were promised, from the first day on', () => {
  for (const everyDays of [1, 2, 7, 30, 90]) assert.ok(simulate(everyDays, 24 * 200, () => false) <= everyDays, `${everyDays} days`)
})

test('after a standstill what is late is read first, and the promise holds again within the days of one round', () => {
  const gap = fc.record({
    everyDays: fc.integer({ min: 2, max: 20 }),
    from: fc.integer({ min: 24, max: 600 }),
    hours: fc.integer({ min: 1, max: 300 }),
  })
  fc.assert(
    fc.property(gap, ({ everyDays, from, hours }) => {
      const longest = simulate(everyDays, from + hours + 24 * 60, (hour) => hour >= from && hour < from + hours)
      // No share waits longer than its round and the standstill, and the hours that those before it in the queue take.
      assert.ok(longest <= everyDays + (hours + everyDays) / 24, `${longest} days`)
    }),
    { numRuns: 60 },
  )
})

test('a share that never was read comes first, then the one that was read longest ago', () => {
  assert.equal(dueShare([], 3), 1)
  assert.equal(dueShare([read(1, 3, 0), read(3, 3, 1)], 3), 2)
  assert.equal(dueShare([read(1, 3, 4), read(2, 3, 2), read(3, 3, 3)], 3), 2)
  assert.equal(dueShare([read(1, 5, 4), read(2, 5, 2)], 3), 1)
})

test('a doubt is over when what was damaged was read again and is whole, or all of it was since', () => {
  assert.equal(isDoubtOver([read(1, 2, 0), read(2, 2, 1)], 2), true)
  assert.equal(isDoubtOver([read(1, 2, 0), read(2, 2, 1, false)], 2), false)
  const before = read(1, 1, 5, false)
  assert.equal(isDoubtOver([before, read(1, 2, 6)], 2), false)
  assert.equal(isDoubtOver([before, read(1, 2, 6), read(2, 2, 4)], 2), false)
  assert.equal(isDoubtOver([before, read(1, 2, 6), read(2, 2, 7)], 2), true)
})
