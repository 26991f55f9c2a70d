import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldChanges, fieldsOf } from './changes.ts'

test('what changed comes first, each field as it was and as it became', () => {
  assert.deepEqual(fieldChanges({ title: 'Vera', email: null }, { title: 'Vera', email: 'vera@example.org' }), [
    { field: 'email', before: 'none', after: 'vera@example.org', isChanged: true },
    { field: 'title', before: 'Vera', after: 'Vera', isChanged: false },
  ])
})

test('what was made has no before, what was taken away no after', () => {
  assert.deepEqual(fieldChanges(null, { role: 'VIEWER' }), [{ field: 'role', before: undefined, after: 'VIEWER', isChanged: true }])
  assert.deepEqual(fieldChanges({ role: 'VIEWER' }, undefined), [{ field: 'role', before: 'VIEWER', after: undefined, isChanged: true }])
})

test('lists and objects within are taken apart, and counted from one', () => {
  assert.deepEqual(
    [...fieldsOf({ roles: [{ role: 'AUDITOR', tenantId: null }], scopes: [] })],
    [
      ['roles.1.role', 'AUDITOR'],
      ['roles.1.tenantId', 'none'],
      ['scopes', 'none'],
    ],
  )
})

test('a value that is no object is shown as it is', () => {
  assert.deepEqual(fieldChanges(7, 14), [{ field: 'value', before: '7', after: '14', isChanged: true }])
})
