import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isGoodEnough, passwordRules } from './password-rules.ts'

test('a password of twelve characters, twice the same, is good enough to be sent', () => {
  assert.equal(isGoodEnough('seven lamps!', 'seven lamps!', 'anna'), true)
  assert.equal(isGoodEnough('seven lamps', 'seven lamps', 'anna'), false)
  assert.equal(isGoodEnough('seven lamps!', 'seven lamps?', 'anna'), false)
})

test('characters are counted as people count them', () => {
  assert.equal(isGoodEnough('🔑🔑🔑🔑🔑🔑', '🔑🔑🔑🔑🔑🔑', 'anna'), false)
  assert.equal(passwordRules('🔑🔑🔑', '', 'anna')[0]!.words, '12 characters or more, now 3')
})

test('the name of the account is not in it, however it is written', () => {
  assert.equal(isGoodEnough('The ANNA lamps!', 'The ANNA lamps!', 'anna'), false)
  // As short as that it may be part of a word.
  assert.equal(isGoodEnough('animal lamps in the bay', 'animal lamps in the bay', 'ann'), true)
})
