import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupsOf, isLastGroup, printSheet } from './recovery-sheet.ts'

const recoveryKey = 'ABCDEF-GHJKMN-PQRSTV-WXYZ01-234567-89A10C'

test('the last group is taken as people read it from paper, and no other group is', () => {
  for (const typed of ['89A10C', '89a10c', ' 89a 10c ', '89AIOC', '89alOc', '89-A1-0C'])
    assert.equal(isLastGroup(recoveryKey, typed), true, typed)
  for (const typed of ['', '234567', '89A10', '89A10CC', recoveryKey]) assert.equal(isLastGroup(recoveryKey, typed), false, typed)
})

test('the sheet has the key exactly, what it opens, and how it is used', () => {
  const sheet = printSheet({
    recoveryKey,
    name: 'main',
    place: 'local:/data/backups',
    repositoryId: 'ab12',
    at: '2026-11-22T10:00:00.000Z',
  })
  assert.ok(sheet.includes(`\n${recoveryKey}\n`))
  assert.match(sheet, /2026-11-22/)
  assert.match(sheet, /--repository local:\/data\/backups /)
  assert.equal(groupsOf(recoveryKey).length, 6)
})
