import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupsOfLines } from './test-lines.ts'

const line = (subject: string) => ({ subject, result: 'ok' as const, fact: 'it is', hint: '', statements: [] })

test('lines stand with their source, in the order in which they came', () => {
  const groups = groupsOfLines([line('database main: connection'), line('files uploads'), line('database main: coverage')])
  assert.deepEqual(
    groups.map(({ subject, lines }) => [subject, lines.map(({ aspect }) => aspect)]),
    [
      ['database main', ['connection', 'coverage']],
      ['files uploads', ['']],
    ],
  )
})
