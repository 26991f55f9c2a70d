import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permissionMatrix, roles } from '#contract/permissions.ts'
import { permissionGroups, roleWords } from './roles.ts'

test('every permission of the matrix is put into words, once', () => {
  const named = permissionGroups.flatMap(({ permissions }) => Object.keys(permissions))
  assert.deepEqual(named.toSorted(), Object.keys(permissionMatrix).toSorted())
})

test('every role has a title and one sentence', () => {
  for (const role of roles) assert.match(roleWords[role].may, /^[A-Z].{20,160}\.$/)
})
