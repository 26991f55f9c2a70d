import assert from 'node:assert/strict'
import { test } from 'node:test'
import { innocentCauses } from './innocent-causes.ts'

const finding = (measure: string) => ({ measure, now: 0, usual: 1, fact: '' })
const nothing = { restoredAt: null, changedAt: null }

test('SAFETY rule 24: a restore of ours, VACUUM FULL and CLUSTER are named where all is stored again', () => {
  const restoredAt = new Date('2026-03-01T02:00:00Z')
  const [restore, rewrite, ...others] = innocentCauses([finding('changed')], { ...nothing, restoredAt })
  assert.match(restore!, /^a restore of this system went live at 2026-03-01T02:00:00\.000Z/)
  assert.match(rewrite!, /^VACUUM FULL, CLUSTER or an update of every row/)
  assert.deepEqual(others, [])
})

test('what shrank may have been purged, or left out since the settings were changed', () => {
  const causes = innocentCauses([finding('rows main.public.patient')], { ...nothing, changedAt: new Date('2026-03-01T02:00:00Z') })
  assert.deepEqual(
    causes.map((cause) => cause.split(' ').slice(0, 3).join(' ')),
    ['the sources or', 'the application archived'],
  )
  assert.match(innocentCauses([finding('compression')], nothing)[0]!, /images or archives/)
})
