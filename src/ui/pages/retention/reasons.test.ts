import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reasonWords } from './reasons.ts'

test('each reason of retention is said in words that name its rule', () => {
  const said = {
    'daily 2026-03-29': 'Daily: the newest of 2026-03-29',
    'weekly 2026-W13': 'Weekly: the newest of 2026-W13',
    'last 3 of 10': 'Last: number 3 of the newest 10',
    'younger than 30 days': 'Days: younger than 30 days',
    'legal hold A-12': 'On hold: A-12',
    'last good backup of emr database/emr': 'The last good backup of emr database/emr',
    'under the minimum retention of 45 days': 'Younger than the minimum of its record class (45 days)',
    'no rule of the policy keeps it': 'No rule of the policy keeps it',
  }
  for (const [reason, words] of Object.entries(said)) assert.equal(reasonWords(reason), words)
})
