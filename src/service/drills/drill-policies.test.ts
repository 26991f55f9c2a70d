import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DrillCause } from '#contract/drills.ts'
import { durations } from '#base/units.ts'
import { systemRandom } from '#host/random.ts'
import { chooseDrill, type DrillSituation } from './drill-policies.ts'

const at = (day: number) => new Date(Date.UTC(2026, 0, 1) + day * durations.day)
/** Newest first: one a day, the newest on this day. */
const backupsUntil = (day: number) =>
  Array.from({ length: day + 1 }, (_, back) => ({ id: `of day ${day - back}`, created_at: at(day - back) }))
const drilled = (cause: DrillCause, day: number) => ({ cause, backup_created_at: at(day) })

const choose = (situation: Partial<DrillSituation>) =>
  chooseDrill({
    policy: { every_nth_backup: null, choice: 'newest' },
    past: [],
    backups: backupsUntil(9),
    isDue: false,
    random: systemRandom,
    ...situation,
  })

test('every n-th backup is drilled, counted from the newest that was', () => {
  const policy = { every_nth_backup: 3, choice: 'newest' } as const
  const past = [drilled('random-older', 1), drilled('by-hand', 6)]
  assert.equal(choose({ policy, past, backups: backupsUntil(8) }), undefined)
  assert.deepEqual(choose({ policy, past, backups: backupsUntil(9) }), { backupId: 'of day 9', cause: 'every-nth' })
  assert.deepEqual(choose({ policy }), { backupId: 'of day 9', cause: 'every-nth' })
  assert.equal(choose({ policy, backups: [] }), undefined)
})

test('a drill whose time has come is of the newest, of an older one, or of each in turn', () => {
  const due = (choice: 'newest' | 'random-older' | 'alternating', past: DrillSituation['past'] = []) =>
    choose({ policy: { every_nth_backup: null, choice }, isDue: true, past })
  assert.deepEqual(due('newest'), { backupId: 'of day 9', cause: 'newest' })
  assert.equal(due('alternating')!.cause, 'newest')
  assert.equal(due('alternating', [drilled('by-hand', 9), drilled('newest', 8)])!.cause, 'random-older')
  assert.equal(due('alternating', [drilled('random-older', 2), drilled('newest', 8)])!.cause, 'newest')
  const only = choose({ policy: { every_nth_backup: null, choice: 'random-older' }, isDue: true, backups: backupsUntil(0) })
  assert.deepEqual(only, { backupId: 'of day 0', cause: 'newest' })
})

test('an older one is any of the older ones, and never the newest', () => {
  const bytes = fc.uint8Array({ minLength: 6, maxLength: 6 })
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 40 }), (drawn, day) => {
      const policy = { every_nth_backup: null, choice: 'random-older' } as const
      const chosen = choose({ policy, isDue: true, backups: backupsUntil(day), random: { bytes: () => drawn } })
      assert.notEqual(chosen!.backupId, `of day ${day}`)
    }),
  )
  const seen = new Set(
    Array.from({ length: 10 }, (_, number) => {
      const random = { bytes: () => Uint8Array.from([0, 0, 0, 0, 0, number]) }
      return choose({ policy: { every_nth_backup: null, choice: 'random-older' }, isDue: true, random })!.backupId
    }),
  )
  assert.equal(seen.size, 9)
})
