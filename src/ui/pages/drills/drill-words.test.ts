import assert from 'node:assert/strict'
import test from 'node:test'
import { isWithin, overdueOf, wordingOfDrill } from './drill-words.ts'

const now = new Date('2026-11-22T12:00:00Z')
const policy = { isActive: true, overdueAfterDays: 35, changedAt: '2026-11-01T00:00:00Z' }

test('a drill that the machine could not hold is no failure of the backup', () => {
  assert.equal(wordingOfDrill({ status: 'failed', outcome: 'failed', isBackupAtFault: false }).tone, 'warning')
  assert.equal(wordingOfDrill({ status: 'completed_with_gaps', outcome: 'failed', isBackupAtFault: true }).tone, 'bad')
  assert.equal(wordingOfDrill({ status: 'completed', outcome: 'proven', isBackupAtFault: null }).words, 'Proven')
  assert.equal(wordingOfDrill({ status: 'in_progress', outcome: null, isBackupAtFault: null }).tone, 'busy')
})

test('a system is overdue when none has passed for as long as its policy says', () => {
  assert.equal(overdueOf(null, null, now).words, 'Only by hand')
  assert.equal(overdueOf(policy, '2026-11-20T00:00:00Z', now).words, 'On time')
  assert.equal(overdueOf(policy, null, now).words, 'None has passed yet')
  const late = overdueOf(policy, '2026-10-01T00:00:00Z', now)
  assert.deepEqual([late.words, late.since], ['Overdue', '2026-11-05T00:00:00.000Z'])
})

test('within the objective is said only where there is one', () => {
  assert.equal(isWithin({ restoredInMs: 5, objectiveMs: null }), undefined)
  assert.equal(isWithin({ restoredInMs: 5, objectiveMs: 4 }), false)
})
