import assert from 'node:assert/strict'
import test from 'node:test'
import type { PlanSummary } from '#contract/restores.ts'
import { stepOf } from './wizard-address.ts'
import { meaningOf, stateOfPlan, withInstants, worstFirst } from './words-of-plan.ts'

const now = new Date('2026-11-22T12:00:00Z')
const summary = (exists: boolean) =>
  ({ backupAt: '2026-11-22T01:02:03.456Z', databases: [{ exists }], roots: [] as unknown[] }) as unknown as PlanSummary

test('a signature says what it is for, exactly, in UTC, within what it may say', () => {
  assert.equal(
    meaningOf('order', 'demo-clinic', summary(true)),
    'I order the restore of demo-clinic to its backup of 2026-11-22 01:02:03 UTC, replacing what is live',
  )
  assert.match(
    meaningOf('approve', 'demo-clinic', summary(false)),
    /^I approve the restore of the backup of demo-clinic .* beside what is live$/,
  )
  assert.ok(meaningOf('approve', 'x'.repeat(63), summary(true)).length <= 200)
})

test('moments within a sentence are told apart from its words', () => {
  assert.deepEqual(withInstants('every change since 2026-11-22T01:02:03.000Z; how many is not known'), [
    { text: 'every change since ' },
    { instant: '2026-11-22T01:02:03.000Z' },
    { text: '; how many is not known' },
  ])
  assert.deepEqual(withInstants('nothing'), [{ text: 'nothing' }])
})

test('tables that lose the most rows come first', () => {
  const changes = [
    { table: 'gains', rowsNow: 1, rowsInBackup: 9 },
    { table: 'loses', rowsNow: 9, rowsInBackup: 1 },
  ]
  assert.deepEqual(
    worstFirst(changes).map(({ table }) => table),
    ['loses', 'gains'],
  )
})

test('a plan is ready until it is used or too old', () => {
  const plan = { status: 'ready' as const, usedAt: null, expiresAt: '2026-11-22T12:00:01Z' }
  assert.equal(stateOfPlan(plan, now), 'ready')
  assert.equal(stateOfPlan({ ...plan, expiresAt: '2026-11-22T12:00:00Z' }, now), 'expired')
  assert.equal(stateOfPlan({ ...plan, usedAt: '2026-11-22T11:00:00Z', expiresAt: '2026-11-22T11:30:00Z' }, now), 'used')
})

test('the step follows from the address; a plan that was ordered leads to its restore', () => {
  assert.equal(stepOf({}, false), 'backup')
  assert.equal(stepOf({ backup: 'b' }, false), 'backup')
  assert.equal(stepOf({ backup: 'b', step: 'scope' }, false), 'scope')
  assert.equal(stepOf({ plan: 'p' }, false), 'effect')
  assert.equal(stepOf({ plan: 'p', step: 'sign' }, false), 'sign')
  assert.equal(stepOf({ plan: 'p', step: 'sign' }, true), 'restore')
})
