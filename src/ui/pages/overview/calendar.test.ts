import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dateOf, monthsUntil, moved, outcomeOf, wordsOf } from './calendar.ts'

const none = { completed: 0, completedWithGaps: 0, failed: 0, cancelled: 0, open: 0, missed: 0 }

test('a day is shown as the worst that happened on it, and said in numbers', () => {
  assert.deepEqual([undefined, none, { ...none, cancelled: 2 }].map(outcomeOf), ['none', 'none', 'none'])
  assert.equal(outcomeOf({ ...none, completed: 3, open: 1 }), 'good')
  assert.equal(outcomeOf({ ...none, open: 1 }), 'open')
  assert.equal(outcomeOf({ ...none, completed: 3, completedWithGaps: 1 }), 'gaps')
  assert.equal(outcomeOf({ ...none, completedWithGaps: 1, missed: 1 }), 'missed')
  assert.equal(outcomeOf({ ...none, completed: 9, missed: 1, failed: 1 }), 'failed')
  assert.equal(wordsOf({ ...none, completed: 3, failed: 1, missed: 2 }), '3 completed, 1 failed, 2 scheduled times missed')
  assert.equal(wordsOf(undefined), 'no backup')
})

test('twelve months end with this one, also across the end of a year and in leap years', () => {
  const months = monthsUntil(new Date(2024, 2, 31))
  assert.equal(months.length, 12)
  assert.deepEqual(
    [months[0], months[10], months[11]],
    [
      { year: 2023, month: 3, days: 30 },
      { year: 2024, month: 1, days: 29 },
      { year: 2024, month: 2, days: 31 },
    ],
  )
  assert.equal(dateOf(months[0]!, 7), '2023-04-07')
})

test('arrow keys go from day to day and from month to month, and stop at the ends', () => {
  const months = monthsUntil(new Date(2024, 2, 31))
  assert.deepEqual(moved({ row: 11, day: 1 }, 'ArrowLeft', months), { row: 10, day: 29 })
  assert.deepEqual(moved({ row: 11, day: 31 }, 'ArrowUp', months), { row: 10, day: 29 })
  assert.deepEqual(moved({ row: 11, day: 31 }, 'ArrowRight', months), { row: 11, day: 31 })
  assert.deepEqual(moved({ row: 0, day: 1 }, 'ArrowLeft', months), { row: 0, day: 1 })
  assert.deepEqual(moved({ row: 3, day: 12 }, 'End', months), { row: 3, day: months[3]!.days })
})
