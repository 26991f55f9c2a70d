import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { durations } from '#base/units.ts'
import { judge, type HealthFacts } from './protection.ts'

const now = new Date('2026-05-04T08:00:00Z')
const ago = (ms: number) => new Date(now.getTime() - ms)

const backup = (ageMs: number, logicalBytes = 100) => ({
  id: 'one',
  recoveryPoint: ago(ageMs),
  hasGaps: false,
  logicalBytes,
  databases: ['main'],
  roots: [],
})
const well: HealthFacts = {
  databases: ['main'],
  roots: [],
  objectives: {},
  good: [backup(durations.hour)],
  lastBackup: { name: 'last', status: 'completed', fault: null },
  oldestAt: ago(durations.day),
  lastProvenAt: null,
  failedStandings: 0,
  missing: 0,
  recovery: null,
  alerts: [],
  notCoveredTables: [],
}
const factsOf = (facts: Partial<HealthFacts>) => judge({ ...well, ...facts }, now).reasons.map(({ fact }) => fact)

test('without an objective two days are the limit; with one, it and its double count', () => {
  const stateAt = (ageMs: number, rpoMinutes?: number) => judge({ ...well, good: [backup(ageMs)], objectives: { rpoMinutes } }, now).state
  assert.equal(stateAt(48 * durations.hour), 'protected')
  assert.equal(stateAt(48 * durations.hour + 1), 'unprotected')
  assert.equal(stateAt(61 * durations.minute, 60), 'at-risk')
  assert.equal(stateAt(49 * durations.hour, 60), 'unprotected')
  assert.equal(stateAt(10 * durations.day, 7 * 24 * 60), 'at-risk')
  assert.equal(stateAt(15 * durations.day, 7 * 24 * 60), 'unprotected')
})

test('an older backup never makes it better', () => {
  const weight = { protected: 0, 'at-risk': 1, unprotected: 2 }
  fc.assert(
    fc.property(fc.nat(30 * durations.day), fc.nat(30 * durations.day), fc.option(fc.integer({ min: 1, max: 20_000 })), (a, b, rpo) => {
      const objectives = { rpoMinutes: rpo ?? undefined }
      const stateOf = (ageMs: number) => weight[judge({ ...well, good: [backup(ageMs)], objectives }, now).state]
      assert.ok(stateOf(Math.min(a, b)) <= stateOf(Math.max(a, b)))
    }),
  )
})

test('the state is the worst of its reasons, and only a protected system has none', () => {
  const facts = fc.record({
    good: fc.array(fc.nat(5 * durations.day).map((ms) => backup(ms))),
    failedStandings: fc.nat(2),
    missing: fc.nat(2),
    notCoveredTables: fc.array(fc.constant('a.b'), { maxLength: 2 }),
    alerts: fc.array(fc.constant({ severity: 'critical', fact: 'a drill failed', hint: 'look' }), { maxLength: 2 }),
  })
  fc.assert(
    fc.property(facts, (changed) => {
      const { state, reasons } = judge({ ...well, ...changed }, now)
      assert.equal(state === 'protected', reasons.length === 0)
      assert.equal(state, reasons[0]?.state ?? 'protected')
      assert.equal(new Set(reasons.map(({ fact }) => fact)).size, reasons.length)
    }),
  )
})

test('a recovery time is projected by the size of today, and never to less than what was seen', () => {
  const recovery = { by: 'drill', at: ago(durations.day), durationMs: 10 * durations.minute, logicalBytes: 50 } as const
  const { rto } = judge({ ...well, recovery }, now)
  assert.deepEqual([rto.achievedMinutes, rto.projectedMinutes], [10, 20])
  assert.equal(judge({ ...well, recovery: { ...recovery, logicalBytes: 400 } }, now).rto.projectedMinutes, 10)
  assert.deepEqual(factsOf({ recovery, objectives: { rtoMinutes: 15 } }), ['a restore would take about 20m 0s, the objective is 15m 0s'])
  assert.deepEqual(factsOf({ recovery, objectives: { rtoMinutes: 25 } }), [])
})

test('each reason in its words', () => {
  assert.deepEqual(factsOf({ lastBackup: { name: 'last', status: 'failed', fault: 'the storage is full' } }), [
    'the last backup failed: the storage is full',
  ])
  assert.deepEqual(factsOf({ failedStandings: 1, missing: 2 }), [
    '1 backup did not stand a verification',
    '2 backups vanished from the repository',
  ])
  assert.deepEqual(factsOf({ oldestAt: ago(31 * durations.day) }), ['no backup was ever proven to be restorable'])
  assert.deepEqual(factsOf({ roots: ['uploads'] }), ['the files uploads are in no backup'])
  assert.deepEqual(factsOf({ databases: ['main', 'second'] }), ['database second is in no backup'])
  assert.deepEqual(factsOf({ alerts: [{ severity: 'info', fact: 'all is well', hint: '' }] }), [])
})
