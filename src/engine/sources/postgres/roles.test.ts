import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Fault } from '#base/fault.ts'
import { chooseRoles, roleNames } from './roles.ts'

test('SAFETY rule 23: a missing role without a choice is refused by name', () => {
  assert.throws(
    () => chooseRoles(['a', 'b', 'c', 'd'], ['a'], [{ kind: 'create', role: 'c' }]),
    (error) => error instanceof Fault && error.code === 'RESTORE_ROLE_MISSING' && error.facts['roles'] === 'b, d',
  )
})

test('a role that the server has needs no choice, and one mapped to a role that is missing is refused', () => {
  assert.deepEqual(chooseRoles(['a', 'b'], ['a', 'c'], [{ kind: 'map', role: 'b', to: 'c' }]), [
    { kind: 'exists', role: 'a' },
    { kind: 'map', role: 'b', to: 'c' },
  ])
  assert.throws(() => chooseRoles(['b'], ['a'], [{ kind: 'map', role: 'b', to: 'zz' }]), /no role zz/)
  assert.throws(() => chooseRoles(['pg_new'], ['a'], [{ kind: 'create', role: 'pg_new' }]), /no role pg_new/)
})

test('only mapped roles change their names', () => {
  const nameOf = roleNames([
    { kind: 'map', role: 'b', to: 'c' },
    { kind: 'create', role: 'd' },
  ])
  assert.deepEqual(['a', 'b', 'd'].map(nameOf), ['a', 'c', 'd'])
})
