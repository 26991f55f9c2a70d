import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backups } from '#contract/backups.ts'
import { emptySelection, instantOf, lackOf, selectionOrderOf } from './selection-draft.ts'

const patient = { kind: 'patient', key: 'LX-1' }

test('it says what is missing until something is selected', () => {
  assert.match(lackOf(emptySelection)!, /nothing is selected/)
  assert.match(lackOf({ ...emptySelection, records: [{ kind: '', key: 'LX-1' }] })!, /kind/)
  assert.equal(lackOf({ ...emptySelection, records: [patient, { kind: 'patient', key: '' }] }), undefined)
  assert.equal(lackOf({ ...emptySelection, dataTypes: ['laboratory'] }), undefined)
  assert.equal(lackOf({ ...emptySelection, since: '2026-03-01 00:00:00' }), undefined)
  const backwards = { ...emptySelection, since: '2026-03-02 00:00:00', until: '2026-03-01 00:00:00' }
  assert.match(lackOf(backwards)!, /ends before it begins/)
})

test('the service takes it as it is ordered, and times as moments', () => {
  const since = '2026-03-01 08:30:00'
  const draft = { ...emptySelection, records: [patient], tables: [{ schema: 'clinic', table: 'visit.old' }], since }
  const order = selectionOrderOf(draft)
  assert.deepEqual(order, {
    entities: [patient],
    tables: [{ schema: 'clinic', table: 'visit.old' }],
    dataTypes: [],
    since: instantOf(since),
  })
  assert.equal(new Date(instantOf(since)).getHours(), 8)
  const body = { systemId: '0190d6a0-0000-7000-8000-000000000000', type: 'full', selection: order }
  assert.ok(backups.create.body.safeParse(body).success)
})
