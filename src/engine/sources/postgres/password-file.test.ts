import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findPassword } from './password-file.ts'

const target = { host: 'db.clinic', port: 5433, database: 'a:b', user: 'keeper' }

test('the first line of a password file that fits gives the password, with wildcards, escapes and comments', () => {
  const file = [
    '# who: what',
    'other:*:*:*:wrong',
    'db.clinic:5432:*:*:wrong',
    String.raw`db.clinic:5433:a\:b:keeper:se\:cr\\et`,
    '*:*:*:*:late',
  ].join('\n')
  assert.equal(findPassword(file, target), String.raw`se:cr\et`)
  assert.equal(findPassword(file, { ...target, user: 'else' }), 'late')
  assert.equal(findPassword('db.clinic:5433:a', target), undefined)
})

test('a unix socket goes by localhost or by its directory', () => {
  const socket = { ...target, host: '/run/pg' }
  assert.equal(findPassword('localhost:*:*:*:one', socket), 'one')
  assert.equal(findPassword('/run/pg:*:*:*:two', socket), 'two')
  assert.equal(findPassword('db.clinic:*:*:*:three', socket), undefined)
})
