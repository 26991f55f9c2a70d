import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { durations, GiB, MiB } from '#base/units.ts'
import type { Follows } from '#contract/schedules.ts'
import { firstAfter } from './plan.ts'
import { propose, type Observed, type ProposalBasis } from './proposal.ts'

const { hour, day } = durations
const now = new Date('2026-05-20T12:00:00Z')
const bounds: Follows = { minutesMin: 15, minutesMax: 1_440 }

/** Backups every `everyHours` until now: so much new in an hour, and as long as `secondsAt` says of its hour. */
function observedEvery(
  everyHours: number,
  { newBytesPerHour = MiB, secondsAt = (_hour: number): number => 60, count = 40 } = {},
): Observed[] {
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(now.getTime() - (count - index) * everyHours * hour)
    const newBytes = index === 0 ? 10 * GiB : newBytesPerHour * everyHours
    return { type: 'database', at, seconds: secondsAt(at.getUTCHours()), newBytes, storedBytes: newBytes / 2, logicalBytes: 10 * GiB }
  })
}

const basis = (change: Partial<ProposalBasis> & { readonly cronExpression?: string } = {}): ProposalBasis => ({
  plan: { id: 'it', cronExpression: change.cronExpression ?? '30 2 * * *', timeZone: 'UTC', blackouts: [], jitterMinutes: 0 },
  type: 'database',
  observed: observedEvery(24),
  rpoMinutes: null,
  bounds,
  now,
  ...change,
})

test('what changes little and has no objective is left as it is', () => {
  const { cronExpression, isChange, reasons, newBytesPerHour } = propose(basis())
  assert.deepEqual([cronExpression, isChange, newBytesPerHour], ['30 2 * * *', false, MiB])
  assert.deepEqual(reasons, [
    'About 1.0 MiB of 10.0 GiB are new in an hour, one part in a hundred in 102h 24m.',
    'The system has no objective of how much may be lost; with one, it would decide.',
    'So a backup begins every 24h 0m, within the bounds of 15m 0s to 24h 0m.',
    'No hour of the day was seen in which backups take longer than usual.',
  ])
})

test('an objective is met with the time that a backup takes, and what cannot be met is said', () => {
  const slow = observedEvery(24, { secondsAt: () => 30 * 60 })
  const met = propose(basis({ observed: slow, rpoMinutes: 4 * 60 }))
  assert.deepEqual([met.cronExpression, met.isChange, met.intervalMinutes], ['30 2,5,8,11,14,17,20,23 * * *', true, 180])
  assert.match(met.reasons.join(' '), /lose 4h 0m at most; a backup takes up to 30m 0s, so that the next one begins within 3h 30m/)
  const unmet = propose(basis({ observed: slow, rpoMinutes: 40 }))
  assert.equal(unmet.intervalMinutes, 15)
  assert.match(unmet.reasons.join(' '), /cannot be met by a schedule/)
})

test('what changes much is backed up more often, as far as the bounds and the time of a backup allow', () => {
  const much = propose(basis({ observed: observedEvery(24, { newBytesPerHour: 50 * MiB }) }))
  assert.equal(much.intervalMinutes, 120)
  const bounded = propose(
    basis({ observed: observedEvery(24, { newBytesPerHour: 50 * MiB }), bounds: { minutesMin: 360, minutesMax: 720 } }),
  )
  assert.equal(bounded.intervalMinutes, 360)
  const running = propose(basis({ observed: observedEvery(24, { newBytesPerHour: 50 * MiB, secondsAt: () => 3600 }) }))
  assert.equal(running.intervalMinutes, 240)
})

test('hours in which backups take long are avoided, and so are those that blackouts name', () => {
  const busy = (at: number) => (at >= 8 && at < 12 ? 600 : 60)
  const hourly = { observed: observedEvery(1, { secondsAt: busy, count: 96 }), cronExpression: '0 9 * * *' }
  const moved = propose(basis(hourly))
  assert.deepEqual([moved.busyHours, moved.cronExpression], [[8, 9, 10, 11], '0 7 * * *'])
  assert.match(moved.reasons.at(-1)!, /^the hours from 08:00, 09:00, 10:00, 11:00 are busy: .* None begins in them\.$/)
  const given = basis(hourly)
  const blackouts = [{ kind: 'daily', from: '00:00', to: '08:00' } as const]
  assert.equal(propose({ ...given, plan: { ...given.plan, blackouts } }).cronExpression, '0 12 * * *')
})

test('blackouts that leave a longer gap than the objective allows are said', () => {
  const given = basis({ rpoMinutes: 120 })
  const blackouts = [{ kind: 'daily', from: '08:00', to: '18:00' } as const]
  const { reasons } = propose({ ...given, plan: { ...given.plan, blackouts } })
  assert.match(reasons.at(-1)!, /^The blackouts leave up to 1[01]h \d+m without a backup/)
})

test('what is not known is said: without backups nothing is made up', () => {
  const { newBytesPerHour, next, reasons, intervalMinutes } = propose(basis({ observed: [] }))
  assert.deepEqual([newBytesPerHour, next.storedBytes.value, next.durationSeconds.value, intervalMinutes], [null, null, null, 1_440])
  assert.match(reasons[0]!, /not known yet: that takes 4 backups, and there are 0/)
})

test('whatever was observed, a proposal keeps the bounds, runs, and stays what it is once it was taken', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 6, 24, 168),
      fc.integer({ min: 0, max: 500 * MiB }),
      fc.integer({ min: 1, max: 7_200 }),
      fc.option(fc.integer({ min: 5, max: 3_000 }), { nil: null }),
      fc.constantFrom('30 2 * * *', '15 */6 * * *', '*/20 * * * *', '0 3 * * 0'),
      fc.constantFrom<Follows>(bounds, { minutesMin: 60, minutesMax: 480 }, { minutesMin: 1_440, minutesMax: 10_080 }),
      (everyHours, newBytesPerHour, seconds, rpoMinutes, cronExpression, given) => {
        const observed = observedEvery(everyHours, { newBytesPerHour, secondsAt: () => seconds, count: 12 })
        const first = basis({ observed, rpoMinutes, bounds: given, cronExpression })
        const proposal = propose(first)
        assert.ok(proposal.intervalMinutes >= given.minutesMin && proposal.intervalMinutes <= given.minutesMax)
        const plan = { ...first.plan, cronExpression: proposal.cronExpression }
        const { tick } = firstAfter(plan, now)
        assert.ok(tick.getTime() - now.getTime() <= Math.max(proposal.intervalMinutes / 60 / 24, 1) * day)
        assert.equal(propose({ ...first, plan }).isChange, false)
      },
    ),
    { numRuns: 30 },
  )
})
