import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepingOf } from './keeping.ts'

test('of the reasons to keep a backup some refuse its deletion, some put its removal off, and the rest a deletion by hand overrules', () => {
  const reasons = [
    'legal hold A-12',
    'an alert about a later backup is open',
    'under the minimum retention of 30 days',
    'last good backup of emr database/emr',
    'last proven backup of emr database/emr',
    'daily 2026-03-29',
  ]
  assert.deepEqual(keepingOf({ act: 'keep', reasons }), {
    refusedBy: reasons.slice(0, 3),
    waitsFor: reasons.slice(3, 5),
    keptBy: reasons.slice(5),
  })
  const nothing = { refusedBy: [], waitsFor: [], keptBy: [] }
  assert.deepEqual(keepingOf({ act: 'remove', reasons: ['no rule of the policy keeps it'] }), nothing)
  assert.deepEqual(keepingOf(undefined), nothing)
})
