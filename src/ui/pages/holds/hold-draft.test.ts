import assert from 'node:assert/strict'
import { test } from 'node:test'
import { targetOf } from './hold-draft.ts'

test('a hold is on a backup, on a system, on a time, or on what of a system was made in a time', () => {
  const local = '2026-03-01 08:30:00'
  const instant = new Date(2026, 2, 1, 8, 30).toISOString()
  assert.equal(targetOf({}), undefined)
  assert.equal(targetOf({ tenantId: 't' }), undefined)
  assert.deepEqual(targetOf({ backupId: 'b', systemId: 's' }), { backupId: 'b' })
  assert.deepEqual(targetOf({ systemId: 's', tenantId: 't' }), { systemId: 's' })
  assert.deepEqual(targetOf({ from: local, tenantId: 't' }), { tenantId: 't', from: instant })
  assert.deepEqual(targetOf({ systemId: 's', from: local, to: local }), { systemId: 's', from: instant, to: instant })
})
