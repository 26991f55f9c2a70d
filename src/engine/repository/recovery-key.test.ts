import { test } from 'node:test'
import assert from 'node:assert/strict'
import { systemRandom } from '#host/random.ts'
import { newRecoveryKey, readRecoveryKey } from './recovery-key.ts'

test('a recovery key reads back however it is typed', () => {
  const key = newRecoveryKey(systemRandom)
  assert.match(key, /^([0-9A-HJKMNP-TV-Z]{6}-){5}[0-9A-HJKMNP-TV-Z]{6}$/)
  assert.deepEqual(readRecoveryKey(key), { kind: 'recovery-key', text: key })
  assert.deepEqual(readRecoveryKey(` ${key.toLowerCase().replaceAll('-', ' ')}\n`), { kind: 'recovery-key', text: key })
  assert.deepEqual(readRecoveryKey(key.replaceAll('0', 'O').replaceAll('1', 'l')), { kind: 'recovery-key', text: key })
})

test('one wrong letter or two swapped ones are noticed by the checksum', () => {
  const key = newRecoveryKey({ ...systemRandom, bytes: (length) => Buffer.from(Array.from({ length }, (_, at) => at * 7)) })
  const letters = [...key.replaceAll('-', '')]
  for (let at = 0; at < letters.length; at += 1) {
    const wrong = letters.with(at, letters[at] === '7' ? '8' : '7').join('')
    assert.deepEqual(readRecoveryKey(wrong), { kind: 'mistyped' })
    const next = letters[at + 1]
    if (next === undefined || next === letters[at]) continue
    const swapped = letters
      .with(at, next)
      .with(at + 1, letters[at]!)
      .join('')
    assert.deepEqual(readRecoveryKey(swapped), { kind: 'mistyped' })
  }
})

test('a password is not taken for a recovery key', () => {
  assert.deepEqual(readRecoveryKey('correct horse battery staple'), { kind: 'other' })
  assert.deepEqual(readRecoveryKey(''), { kind: 'other' })
})
