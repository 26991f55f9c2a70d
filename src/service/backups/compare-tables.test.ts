import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareTables, isAskedFor } from './compare-tables.ts'

const table = (name: string, rows: number, bytes = rows * 10) => ({ database: 'emr', schema: 'public', table: name, rows, bytes })

test('two backups differ in the tables that only one of them has, and in those with other rows or bytes', () => {
  const before = [table('patient', 10), table('visit', 5), table('note', 3, 30), table('old', 1)]
  const after = [table('visit', 5), table('patient', 12), table('new', 7), table('note', 3, 31)]
  const { tables, counts, rowCounts } = compareTables(before, after)
  assert.deepEqual(counts, { added: 1, removed: 1, changed: 2, same: 1 })
  assert.deepEqual(rowCounts, { before: 19, after: 27 })
  assert.deepEqual(
    tables.filter(isAskedFor('different')).map((one) => [one.table, one.change, one.before?.rows ?? null, one.after?.rows ?? null]),
    [
      ['new', 'added', null, 7],
      ['note', 'changed', 3, 3],
      ['old', 'removed', 1, null],
      ['patient', 'changed', 10, 12],
    ],
  )
  assert.equal(tables.filter(isAskedFor('any')).length, 5)
  assert.deepEqual(tables.filter(isAskedFor('same')), [tables.find((one) => one.table === 'visit')])
})
