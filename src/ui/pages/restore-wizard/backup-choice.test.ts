import assert from 'node:assert/strict'
import test from 'node:test'
import type { BackupView } from '#contract/backups.ts'
import { doubtsOf, isGood, newestProven, obstacleOf, proposedBackup } from './backup-choice.ts'

const unlike = { findings: [], innocent: [], settledAt: null, settledBy: null, reason: null }

function backup(change: Partial<BackupView>): BackupView {
  const plain: Partial<BackupView> = {
    id: 'one',
    type: 'full',
    purpose: 'backup',
    status: 'completed',
    standing: 'intact',
    gapCount: 0,
    createdAt: '2026-11-20T02:00:00.000Z',
    deletedAt: null,
    removedAt: null,
    missingAt: null,
    anomaly: null,
  }
  return { ...plain, ...change } as BackupView
}

test('the newest good backup of the whole system is proposed, whatever newer ones hold only a part', () => {
  const rows = [
    backup({ id: 'files', type: 'files', createdAt: '2026-11-22T02:00:00.000Z' }),
    backup({ id: 'failed', status: 'failed', createdAt: '2026-11-21T20:00:00.000Z' }),
    backup({ id: 'unlike', anomaly: { ...unlike, verdict: null }, createdAt: '2026-11-21T19:00:00.000Z' }),
    backup({ id: 'damaged', standing: 'failed', createdAt: '2026-11-21T18:00:00.000Z' }),
    backup({ id: 'safety', purpose: 'safety', createdAt: '2026-11-21T17:00:00.000Z' }),
    backup({ id: 'good', createdAt: '2026-11-21T02:00:00.000Z' }),
    backup({ id: 'older', standing: 'proven' }),
  ]
  assert.equal(proposedBackup(rows)?.id, 'good')
  assert.equal(newestProven(rows, proposedBackup(rows))?.id, 'older')
  assert.equal(proposedBackup(rows.slice(0, 1))?.id, 'files')
  assert.equal(proposedBackup(rows.slice(1, 5)), undefined)
})

test('what was accepted counts as good again, what was rejected never', () => {
  assert.equal(isGood(backup({ anomaly: { ...unlike, verdict: 'accepted' } })), true)
  assert.equal(isGood(backup({ anomaly: { ...unlike, verdict: 'rejected' } })), false)
})

test('why a backup cannot be restored, or not be trusted, is said in words', () => {
  assert.match(obstacleOf(backup({ status: 'in_progress' })) ?? '', /not finished/)
  assert.match(obstacleOf(backup({ missingAt: '2026-11-21T02:00:00.000Z' })) ?? '', /not in its repository/)
  assert.equal(obstacleOf(backup({ status: 'completed_with_gaps' })), undefined)
  assert.deepEqual(doubtsOf(backup({})), [])
  assert.equal(doubtsOf(backup({ status: 'completed_with_gaps', gapCount: 2, standing: 'unverified' })).length, 2)
})
