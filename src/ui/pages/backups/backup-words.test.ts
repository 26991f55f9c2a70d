import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BackupView } from '#contract/backups.ts'
import { awaitsVerdict, flagsOf, flawOf, isReadable, purposeWords } from './backup-words.ts'

const good = {
  purpose: 'regular',
  status: 'completed',
  standing: 'unverified',
  anomaly: null,
  missingAt: null,
  deletedAt: null,
  removedAt: null,
  heldByAlert: null,
  gapCount: 0,
  holdCount: 0,
} as unknown as BackupView & { readonly holdCount: number }
const at = '2026-03-01T02:00:00.000Z'
const anomaly = { findings: [], innocent: [], verdict: null, settledAt: null, settledBy: null, reason: null }

test('a backup is good unless something is known against it', () => {
  assert.equal(flawOf(good), undefined)
  assert.equal(flawOf({ ...good, anomaly: { ...anomaly, verdict: 'accepted' } }), undefined)
  for (const change of [
    { status: 'completed_with_gaps' },
    { status: 'failed' },
    { status: 'in_progress' },
    { standing: 'failed' },
    { missingAt: at },
    { deletedAt: at },
    { removedAt: at },
    { anomaly },
    { anomaly: { ...anomaly, verdict: 'rejected' } },
  ] as const)
    assert.equal(typeof flawOf({ ...good, ...change }), 'string', JSON.stringify(change))
})

test('what can be read, what waits for a word, and what is said beside its state', () => {
  assert.ok(isReadable({ ...good, status: 'completed_with_gaps' }))
  assert.ok(!isReadable({ ...good, deletedAt: at }) && !isReadable({ ...good, status: 'failed' }))
  assert.ok(awaitsVerdict({ anomaly }) && !awaitsVerdict({ anomaly: null }))
  assert.deepEqual(flagsOf(good), [])
  const words = (change: object) => flagsOf({ ...good, ...change }).map((flag) => flag.words)
  assert.deepEqual(words({ holdCount: 2, heldByAlert: 'an alert', gapCount: 3 }), ['On hold', 'Kept by an alert', '3 gaps'])
  assert.deepEqual(words({ deletedAt: at }), ['Deleted'])
  assert.deepEqual(words({ deletedAt: at, removedAt: at }), ['Removed'])
  assert.deepEqual([purposeWords('regular'), purposeWords('safety')], [undefined, 'Safety backup'])
})
