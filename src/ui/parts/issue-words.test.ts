import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { z } from 'zod'
import { signIn } from '#contract/sign-in.ts'
import { speakPlainly } from './issue-words.ts'

before(speakPlainly)

function wordsOf(schema: z.ZodType, value: unknown): string | undefined {
  return schema.safeParse(value).error?.issues[0]?.message
}

test('an empty field is said to be needed, whatever its schema wants', () => {
  assert.equal(wordsOf(z.string().min(1), ''), 'this is needed')
  assert.equal(wordsOf(z.string(), undefined), 'this is needed')
  assert.equal(wordsOf(z.number(), ''), 'this is needed')
})

test('bounds are told as numbers', () => {
  assert.equal(wordsOf(z.number().max(24), 25), '24 is the most')
  assert.equal(wordsOf(z.number().min(1), 0), '1 is the least')
  assert.equal(wordsOf(z.string().min(12), 'short'), 'at least 12 characters')
  assert.equal(wordsOf(z.array(z.string()).min(1), []), 'choose at least one')
})

test('what an address looks like is shown', () => {
  assert.equal(wordsOf(z.email(), 'anna'), 'an address such as anna@example.org')
})

test('a schema that speaks for itself is left to', () => {
  assert.equal(wordsOf(signIn.setUp.body.shape.name, '!'), 'a name is 1 to 100 of letters, digits and ". _ @ -"')
})
