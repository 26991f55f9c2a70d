import assert from 'node:assert/strict'
import test from 'node:test'
import type { RestoreView } from '#contract/restores.ts'
import { stateOfRestore } from './restore-state.ts'

const restore = (change: Partial<RestoreView>) =>
  ({
    kind: 'restore',
    status: 'completed',
    waitsForApproval: false,
    undoneAt: null,
    releasedAt: null,
    fault: null,
    ...change,
  }) as RestoreView

test('what is live is said for every state', () => {
  const said = (change: Partial<RestoreView>) => stateOfRestore(restore(change))
  assert.equal(said({ status: 'pending', waitsForApproval: true }).words, 'Waits for a second person')
  assert.match(said({ status: 'in_progress' }).meaning, /not touched and the restore can be cancelled/)
  assert.match(said({}).meaning, /is live/)
  assert.match(said({ status: 'completed_with_gaps' }).meaning, /Not all came back/)
  assert.equal(said({ undoneAt: '2026-11-22T12:00:00Z' }).words, 'Undone')
  assert.match(said({ releasedAt: '2026-11-22T12:00:00Z' }).meaning, /cannot be undone/)
  assert.match(said({ status: 'cancelled' }).meaning, /as it was/)
  assert.match(said({ status: 'failed', fault: { code: 'PLAN_STALE', fact: '', hint: '' } }).meaning, /Plan again/)
  assert.match(said({ status: 'failed', kind: 'release' }).meaning, /still kept/)
})
