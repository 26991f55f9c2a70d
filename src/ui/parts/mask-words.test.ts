import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masksSchema } from '#base/settings.ts'
import { maskedWords } from './mask-words.ts'

test('masks are counted by column and table, and none is said to be none', () => {
  assert.match(maskedWords(undefined), /^No masks are set/)
  const masks = masksSchema.parse({
    excludedTables: [{ table: 'login' }],
    columns: [
      { table: 'patient', column: 'name', mask: 'name' },
      { table: 'patient', column: 'born', mask: 'null' },
      { table: 'staff', column: 'name', mask: 'name' },
    ],
  })
  assert.equal(maskedWords(masks), '3 columns of 2 tables masked, rows of 1 table left out, and whatever refers to them.')
})
