import assert from 'node:assert/strict'
import test from 'node:test'
import { z } from 'zod'
import { faultCodes, type FaultCode } from './fault-codes.ts'
import { errnoOf, Fault, faultWithin, isFault } from './fault.ts'
import { parse } from './parse.ts'

test('every fault has a hint that is a whole sentence, and damage is never retried nor a usage error', () => {
  for (const [code, kind] of Object.entries(faultCodes)) {
    assert.match(kind.hint, /^[A-Z].*[.]$/s, code)
    const fault = new Fault(code as FaultCode, 'a fact')
    assert.equal(fault.hint, kind.hint)
    if (fault.isDamage) assert.deepEqual([fault.retry, fault.exitCode], [false, 1], code)
  }
})

test('a usage fault ends a command with 2, any other with 1', () => {
  assert.equal(new Fault('USAGE', 'no such option').exitCode, 2)
  assert.equal(new Fault('STORAGE_FULL', 'nothing is free').exitCode, 1)
})

test('a fault is found within what a library made of it', () => {
  const inner = new Fault('STORAGE_TIMEOUT', 'no answer')
  const wrapped = new Error('stream failed', { cause: new Error('pipeline failed', { cause: inner }) })
  assert.equal(faultWithin(wrapped), inner)
  assert.equal(faultWithin(new Error('nothing inside')), undefined)
  assert.ok(isFault(inner, 'STORAGE_TIMEOUT') && !isFault(inner, 'STORAGE_FULL') && !isFault(wrapped))
  assert.equal(errnoOf(Object.assign(new Error(), { code: 'ENOENT' })), 'ENOENT')
  assert.equal(errnoOf(Object.assign(new Error(), { code: '42P01' })), undefined)
})

test('parsing names the field that is wrong, and what is no JSON at all', () => {
  const schema = z.object({ counts: z.object({ rows: z.number() }) })
  assert.deepEqual(parse(schema, '{"counts":{"rows":3}}', 'plan.json'), { counts: { rows: 3 } })
  assert.throws(() => parse(schema, '{"counts":{"rows":"3"}}', 'plan.json'), {
    code: 'INPUT_INVALID',
    message: /^plan\.json: counts\.rows: /,
  })
  assert.throws(() => parse(schema, '{', 'plan.json', 'PLAN_INVALID'), { code: 'PLAN_INVALID', message: 'plan.json is not valid JSON' })
})
