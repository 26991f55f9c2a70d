import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultRetention } from '#contract/retention.ts'
import { draftOf, isSame } from './policy-draft.ts'

const policy = defaultRetention

test('a draft begins with what is in force, and is changed by each of its parts', () => {
  const own = draftOf({ systemId: 'a system', source: 'system', policy })
  assert.deepEqual([own.isOwn, draftOf({ systemId: 'a system', source: 'organization', policy }).isOwn], [true, false])
  assert.ok(draftOf({ systemId: null, source: 'organization', policy }).isOwn)
  assert.ok(isSame(own, { ...own, policy: { ...policy, keep: { ...policy.keep } } }))
  assert.ok(isSame({ isOwn: false, policy }, { isOwn: false, policy: { ...policy, timeZone: 'Europe/Berlin' } }))
  for (const change of [{ timeZone: 'Europe/Berlin' }, { minimumDays: 3 }, { keep: { ...policy.keep, yearly: 1 } }])
    assert.ok(!isSame(own, { isOwn: true, policy: { ...policy, ...change } }))
  assert.ok(!isSame(own, { isOwn: false, policy }))
})
