import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  comparedRows,
  isEventful,
  pointsOf,
  printMoment,
  printValue,
  readBackups,
  stateIn,
  sumsOf,
  type History,
} from './history-points.ts'

const ids = ['a', 'b', 'files', 'c', 'd', 'e']
const none = { appeared: 0, changed: 0, vanished: 0, returned: 0 }
const quiet = { counts: none, columnsAdded: [], columnsRemoved: [] }

/** There in a, changed in c, gone in d, back in e; b says nothing of visits. */
const history: History = {
  kind: 'patient',
  isDamaged: false,
  backups: ids.map((id) => ({
    id,
    name: id,
    purpose: 'regular',
    at: '2026-03-01T00:00:00.000Z',
    leftOut: id === 'files' ? 'no-database' : null,
    fact: null,
  })),
  damagedSnapshots: [],
  tables: [
    {
      schema: 's',
      table: 'patient',
      isRoot: true,
      moments: [
        { ...quiet, backup: 'a', rows: 1, counts: { ...none, appeared: 1 } },
        { ...quiet, backup: 'b', rows: 1 },
        { ...quiet, backup: 'c', rows: 1, counts: { ...none, changed: 1 } },
        { ...quiet, backup: 'd', rows: 0, counts: { ...none, vanished: 1 } },
        { ...quiet, backup: 'e', rows: 1, counts: { ...none, returned: 1 } },
      ],
    },
    {
      schema: 's',
      table: 'visit',
      isRoot: false,
      moments: [
        { ...quiet, backup: 'a', rows: null },
        { ...quiet, backup: 'b', rows: 2, counts: { ...none, appeared: 2 } },
        { ...quiet, backup: 'c', rows: 2 },
        { ...quiet, backup: 'd', rows: 2 },
        { ...quiet, backup: 'e', rows: 3, counts: { ...none, appeared: 1 }, columnsAdded: ['note'] },
      ],
    },
  ],
  rows: [
    {
      schema: 's',
      table: 'patient',
      isRoot: true,
      key: { id: '1' },
      events: [
        {
          kind: 'appeared',
          backup: 'a',
          since: null,
          fields: [
            { column: 'id', to: '1' },
            { column: 'name', to: 'x' },
            { column: 'ward', to: null },
          ],
        },
        {
          kind: 'changed',
          backup: 'c',
          since: 'b',
          fields: [
            { column: 'name', from: 'x', to: 'y' },
            { column: 'ward', from: null },
          ],
        },
        {
          kind: 'vanished',
          backup: 'd',
          since: 'c',
          fields: [
            { column: 'id', from: '1' },
            { column: 'name', from: 'y' },
          ],
        },
        {
          kind: 'returned',
          backup: 'e',
          since: 'd',
          fields: [
            { column: 'id', to: '1' },
            { column: 'name', to: 'z' },
          ],
        },
      ],
    },
  ],
  rowsLeftOut: 0,
}

const order = readBackups(history).map(({ id }) => id)
const plain = (backup: string) => {
  const state = stateIn(history.rows[0]!, backup, order)
  return state && Object.fromEntries(state.columns)
}

test('a point is a backup in which something is other than before; the others stand together, and those left out are no change', () => {
  const points = pointsOf(history).map((point) => [
    point.kind,
    point.kind === 'quiet' ? point.backups.map(({ id }) => id) : point.backup.id,
  ])
  assert.deepEqual(points, [
    ['change', 'a'],
    ['change', 'b'],
    ['left-out', 'files'],
    ['change', 'c'],
    ['change', 'd'],
    ['change', 'e'],
  ])
  const there = pointsOf(history).flatMap((point) => (point.kind === 'change' ? [point.isThere] : []))
  assert.deepEqual(there, [true, true, true, false, true])
  const quiet = { ...history, tables: [history.tables[0]!], rows: [] }
  assert.deepEqual(
    pointsOf(quiet).map(({ kind }) => kind),
    ['change', 'quiet', 'left-out', 'change', 'change', 'change'],
  )
})

test('what a row was in a backup is what its events up to it have left', () => {
  assert.deepEqual(plain('a'), { id: '1', name: 'x', ward: null })
  assert.deepEqual(plain('b'), plain('a'))
  assert.deepEqual(plain('c'), { id: '1', name: 'y' })
  assert.equal(plain('d'), undefined)
  assert.deepEqual(plain('e'), { id: '1', name: 'z' })
})

test('two backups side by side: what differs, what only one has, and nothing where they are the same', () => {
  const [changed] = comparedRows(history, 'a', 'e')
  assert.equal(changed!.kind, 'changed')
  assert.deepEqual(
    changed!.pairs.map(({ column, before, after }) => [column, before, after]),
    [
      ['name', 'x', 'z'],
      ['ward', null, undefined],
    ],
  )
  assert.equal(comparedRows(history, 'a', 'd')[0]!.kind, 'gone')
  assert.equal(comparedRows(history, 'd', 'e')[0]!.kind, 'new')
  assert.deepEqual(comparedRows(history, 'a', 'b'), [])
})

test('rows of the first backup that tells of a table were there already: they are not counted as new', () => {
  assert.deepEqual(
    sumsOf(history).map(({ name, rows, appeared, changed, vanished, returned }) => [name, rows, appeared, changed, vanished, returned]),
    [
      ['s.patient', 1, 0, 1, 1, 1],
      ['s.visit', 3, 1, 0, 0, 0],
    ],
  )
  const [, visits] = history.tables
  assert.equal(printMoment(visits!.moments[0]!, false), 'not known: the backup does not have its rows')
  assert.equal(printMoment(visits!.moments[1]!, true), '2 there already')
  assert.equal(printMoment(visits!.moments[4]!, false), '1 new, column note was added; 3 there')
  assert.ok(isEventful(history.rows[0]!))
  assert.ok(!isEventful({ ...history.rows[0]!, events: history.rows[0]!.events.slice(0, 1) }))
})

test('a text, nothing, an empty text and a field that was not there are told apart', () => {
  assert.deepEqual(['x', null, '', undefined].map(printValue), ['x', '(null)', '(empty)', '(no such field)'])
})
