import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordChoicesSchema } from '#contract/records.ts'
import { choiceLines, countChanges, isSameChoice, keyOfRow, rowChoice, rowWords, takenSide, withRow, withTable } from './record-choices.ts'

const none = recordChoicesSchema.parse({})
const visit = { schema: 'clinic', table: 'visit' }
const row = { ...visit, key: ['1', '2'] }

test('a choice for a table is added to, taken back field by field, and goes with its last one', () => {
  const one = withTable(none, visit, { changed: { columns: ['note'] } })
  const two = withTable(one, visit, { added: 'live' })
  assert.deepEqual(two.tables, [{ ...visit, changed: { columns: ['note'] }, added: 'live' }])
  assert.deepEqual(withTable(two, visit, { changed: undefined }).tables, [{ ...visit, added: 'live' }])
  assert.deepEqual(withTable(one, visit, { changed: undefined }), none)
})

test('a row is chosen by its whole key, and once', () => {
  const one = withRow(withRow(none, row, 'live'), { ...visit, key: ['1'] }, 'backup')
  assert.equal(rowChoice(one, visit, ['1', '2']), 'live')
  assert.equal(rowChoice(one, visit, ['1']), 'backup')
  assert.equal(rowChoice(one, { ...visit, table: 'other' }, ['1']), undefined)
  assert.deepEqual(withRow(withRow(none, row, 'live'), row, 'backup').rows, [{ ...row, take: 'backup' }])
  assert.deepEqual(withRow(withRow(none, row, 'live'), row, undefined), none)
  assert.deepEqual(
    [keyOfRow(['1', '']), keyOfRow(['1', { bytes: 9 }]), keyOfRow([null]), keyOfRow([])],
    [['1', ''], undefined, undefined, undefined],
  )
})

test('the order in which choices are made is no difference, and each that differs is counted', () => {
  const other = { ...visit, table: 'other' }
  const one = withTable(withTable(none, visit, { added: 'live' }), other, { added: 'live' })
  const two = withTable(withTable(none, other, { added: 'live' }), visit, { added: 'live' })
  assert.ok(isSameChoice(one, two))
  assert.equal(countChanges(one, two), 0)
  assert.ok(!isSameChoice(one, withTable(two, visit, { added: 'backup' })))
  assert.equal(countChanges(none, withRow({ ...one, changed: 'live' }, row, 'live')), 4)
})

test('what is not decided takes no side, and every class says what either choice does', () => {
  assert.deepEqual(
    (['open', 'keep', 'insert', 'update', 'delete'] as const).map((action) => takenSide({ action, class: null })),
    [undefined, 'live', 'backup', 'backup', 'backup'],
  )
  for (const found of ['elsewhere', 'moved-here', 'parent-missing'] as const) assert.ok(rowWords({ action: 'open', class: found }).fact)
  assert.deepEqual(rowWords({ action: 'keep', class: 'delete' }), { backup: 'Taken away', live: 'Kept' })
})

test('what was chosen is read line by line, without a key', () => {
  const { rows: _rows, ...policy } = withTable({ ...none, conflicts: 'live' }, visit, {
    changed: { columns: ['note', 'status'] },
    parents: 'backup',
  })
  assert.deepEqual(choiceLines({ policy, tables: [] }), [
    'Everywhere: rows that were changed since become as in the backup; rows that were written since are taken away; rows that belong, or belonged, to somebody else are left where they are.',
    'clinic.visit: of rows that were changed since, only note, status become as in the backup; rows that have to exist and are gone come back as well.',
  ])
})
