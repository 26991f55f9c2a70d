import assert from 'node:assert/strict'
import { test } from 'node:test'
import { personState } from './person-state.ts'

const now = new Date('2026-03-01T12:00:00Z')
const open = { retiredAt: null, lockedUntil: null, hasPassword: true, lastSignInAt: '2026-02-01T00:00:00Z', mustChangePassword: false }

test('an account is open unless something keeps somebody from coming in', () => {
  assert.equal(personState(open, now).words, 'Open')
  assert.equal(personState({ ...open, mustChangePassword: true }, now).words, 'Must change the password')
  assert.equal(personState({ ...open, hasPassword: false, lastSignInAt: null }, now).words, 'Has not set a password')
})

test('who comes in through a provider needs no password', () => {
  assert.equal(personState({ ...open, hasPassword: false }, now).words, 'Open')
})

test('a lock-out is one until its end, and a closed account is nothing else', () => {
  const locked = { ...open, lockedUntil: '2026-03-01T12:00:01Z' }
  assert.equal(personState(locked, now).words, 'Locked out')
  assert.equal(personState({ ...open, lockedUntil: '2026-03-01T12:00:00Z' }, now).words, 'Open')
  assert.equal(personState({ ...locked, retiredAt: '2026-03-01T11:00:00Z' }, now).words, 'Closed')
})
