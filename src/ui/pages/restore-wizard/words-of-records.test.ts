import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byEffect, driftLines, isDecided, printValue, recordsMeaning, sumsOf, undecidedOf } from './words-of-records.ts'

const table = {
  schema: 'c',
  table: 't',
  inserts: 1,
  copies: 0,
  updates: 2,
  deletes: 0,
  unchanged: 4,
  present: 1,
  kept: 0,
  open: [],
  clashes: [],
  differ: { changed: 2, added: 0, elsewhere: 0, movedHere: 0, parentMissing: 0 },
  chosenRows: 0,
  left: 0,
  columns: ['note'],
}

test('rows and tables that are written are added up', () => {
  assert.deepEqual(sumsOf({ tables: [table, { ...table, inserts: 0, updates: 0 }] }), { rows: 3, tables: 1 })
})

test('what waits for a choice is told apart, and nothing of it may be left', () => {
  const tables = [
    {
      ...table,
      open: [
        { class: 'elsewhere' as const, count: 2 },
        { class: 'parent-missing' as const, count: 1 },
        { class: 'moved-here' as const, count: 3 },
      ],
      clashes: [{ index: 'i', columns: ['code'], count: 4 }],
    },
  ]
  assert.deepEqual(undecidedOf({ tables }), { conflicts: 5, parents: 1, clashes: 4 })
  assert.equal(isDecided({ tables }), false)
  assert.equal(isDecided({ tables: [table] }), true)
})

test('a table in which nothing happens and nothing waits stands with the others', () => {
  const same = { ...table, inserts: 0, updates: 0 }
  const open = { ...same, open: [{ class: 'elsewhere' as const, count: 1 }] }
  const kept = { ...same, kept: 1 }
  assert.deepEqual(byEffect({ tables: [same, table, open, kept] }), { written: [table, open, kept], same: [same] })
})

test('a null is told from a word, and what is too long by its size', () => {
  assert.deepEqual([printValue(null), printValue(''), printValue({ bytes: 2048 })], ['null', '', '2.0 KiB, too long to be shown'])
})

test('a signature says how many records of what, and never whose', () => {
  assert.equal(
    recordsMeaning('order', 'clinic', { kinds: ['patient'] }),
    'I order that one record (patient) of clinic be written back as planned',
  )
  assert.equal(
    recordsMeaning('approve', 'clinic', { kinds: ['patient', 'study'] }),
    'I approve that 2 records of clinic be written back as planned',
  )
})

test('each change of the schema is a sentence', () => {
  const drift = {
    addedColumns: ['a.b'],
    removedColumns: [],
    retypedColumns: [{ column: 'a.c', was: 'integer', is: 'bigint' }],
    removedTables: [{ table: 'a.d', rows: 7 }],
    addedTables: [],
  }
  assert.deepEqual(driftLines({ drift }), [
    'a.b was added since: it takes its default',
    'a.c was integer and is bigint: its values are cast',
    'table a.d is gone: 7 rows are not restored',
  ])
})
