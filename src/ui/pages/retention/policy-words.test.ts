import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultRetention, keepRulesSchema } from '#contract/retention.ts'
import { classInWords, keepInWords, ruleNames, shortened } from './policy-words.ts'

test('a policy in words names each rule that keeps something', () => {
  assert.equal(keepInWords(defaultRetention.keep), '7 daily, 5 weekly, 12 monthly')
  assert.equal(keepInWords({ ...defaultRetention.keep, days: 1, last: 10, weekly: 0 }), 'all of 1 day, the newest 10, 7 daily, 12 monthly')
  assert.equal(classInWords(defaultRetention), 'no minimum')
  assert.equal(classInWords({ recordClass: 'record-retention', minimumDays: 45 }), 'at least 45 days')
  assert.deepEqual([...ruleNames].toSorted(), Object.keys(keepRulesSchema.parse({ last: 1 })).toSorted())
})

test('a policy that keeps less in any rule, or asks for a lower minimum, is shorter', () => {
  const before = { ...defaultRetention, recordClass: 'record-retention', minimumDays: 30 } as const
  assert.deepEqual(shortened(before, before), [])
  assert.deepEqual(shortened(before, { ...before, keep: { ...before.keep, daily: 8, yearly: 1 }, minimumDays: 31 }), [])
  assert.deepEqual(shortened(before, { ...defaultRetention, keep: { ...before.keep, daily: 3 } }), [
    'daily: 7 → 3',
    'minimum of days: 30 → 0',
  ])
})
