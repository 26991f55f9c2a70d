import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { testClock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import { endpoint } from '#contract/endpoint.ts'
import { signatureSchema, signingSchema } from '#contract/signatures.ts'
import { everything } from '#service/catalog/scope.ts'
import { serve } from '#service/http/gate.ts'
import { makeServer } from '#service/http/server.ts'
import { recordSignature, verifySigner } from '#service/signatures/signatures.ts'
import { codeOfStep, enrol } from '#test/support/authenticator.ts'
import {
  ask,
  assertProblem,
  setUpHere,
  testPassword,
  testPerson,
  testService,
  testTenant,
  type TestService,
} from '#test/support/service.ts'

const clock = testClock(new Date('2031-03-05T08:00:10Z'))
const subjectId = '6f1c1a52-7a64-4d7c-9f0e-2f8f6f0a1b2c'
const digest = 'a'.repeat(64)

/** An act that is signed, as a slice has it: proof before the transaction, the signature within. */
const approve = endpoint({
  name: 'test.approve',
  method: 'POST',
  path: '/approve',
  summary: 'approve something',
  permission: 'restores.approve',
  body: z.strictObject({ signing: signingSchema, tenantId: z.uuid().nullable(), isUndone: z.boolean().default(false) }),
  reply: signatureSchema,
})

let here: TestService
let token: string
let tenantId: string
let url: string
let close: () => Promise<void>
before(async () => {
  here = await testService({ clock })
  ;({ token, tenantId } = await setUpHere(here))
  const { house } = here.service
  const app = await makeServer(house)
  serve(app, house, approve, async (call) => {
    const signer = await verifySigner(house, call, call.body.signing)
    return await call.act(async (tx) => {
      const order = { subjectKind: 'restore-plan', subjectId, digest, meaning: 'approved this restore', reason: 'ticket 12' }
      const signature = await recordSignature(house, tx, { signer, tenantId: call.body.tenantId, ...order })
      if (call.body.isUndone) throw new Error('the act fails after it was signed')
      return { reply: signature, subject: { kind: 'restore-plan', id: subjectId } }
    })
  })
  url = await app.listen({ port: 0, host: '127.0.0.1' })
  close = () => app.close()
})
after(async () => {
  await close()
  await here[Symbol.asyncDispose]()
})

const sign = (bearer: string, signing: unknown, more: object = {}) =>
  ask(url, 'POST', { place: '/approve', token: bearer, body: { signing, tenantId, ...more } })
const list = async (bearer: string, query = '') => await here.ask('GET', `/api/v1/signatures${query}`, { token: bearer })

test('nobody signs before they accepted the policy and have an authenticator', async () => {
  const anything = { password: testPassword, totp: '000000' }
  assertProblem(await sign(token, anything), 409, 'SIGNING_POLICY')
  assertProblem(await here.ask('POST', '/api/v1/me/signing-policy', { token, body: { version: 2 } }), 422, 'INPUT_INVALID')
  assert.equal((await here.ask('POST', '/api/v1/me/signing-policy', { token, body: { version: 1 } })).status, 204)
  assert.equal((await here.ask('GET', '/api/v1/me', { token })).json.signingPolicyVersion, 1)
  assertProblem(await sign(token, anything), 409, 'TOTP_NEEDED')
  assert.match((await here.ask('GET', '/api/v1/signing-policy', { token })).json.text, /binds me like one written by hand/)
})

test('a signature takes password and code at that moment, and has name, time, meaning, reason and the digest of what was signed', async () => {
  const authenticator = await enrol(here, token)
  const code = authenticator.next()
  for (const signing of [
    { password: 'not the password', totp: code },
    { password: testPassword, totp: codeOfStep(authenticator.secret, 1) },
  ])
    assertProblem(await sign(token, signing), 403, 'REAUTHENTICATION')
  assertProblem(await sign(token, { password: testPassword }), 422, 'INPUT_INVALID')
  const signed = await sign(token, { password: testPassword, totp: code })
  assert.equal(signed.status, 200, signed.text)
  assert.deepEqual(
    { ...signed.json, id: null, userId: null },
    {
      id: null,
      userId: null,
      tenantId,
      userName: 'anna',
      userTitle: 'Anna Berg',
      meaning: 'approved this restore',
      reason: 'ticket 12',
      subjectKind: 'restore-plan',
      subjectId,
      digest,
      signedAt: clock.now().toISOString(),
    },
  )
  assertProblem(await sign(token, { password: testPassword, totp: code }), 403, 'REAUTHENTICATION')
  assert.deepEqual((await list(token, `?subjectId=${subjectId}`)).json.rows, [signed.json])
  assert.equal((await list(token, `?subjectId=${tenantId}`)).json.total, 0)
  const refusals = await here.service.house.catalog.as(everything, (tx) =>
    tx
      .selectFrom('audit_events')
      .select('facts')
      .where('action', '=', approve.name)
      .where('outcome', '=', 'refused')
      .orderBy('seq')
      .execute(),
  )
  assert.deepEqual(
    refusals.map(({ facts }) => facts['why'] ?? facts['code']),
    ['SIGNING_POLICY', 'TOTP_NEEDED', 'wrong password', 'wrong or used code', 'INPUT_INVALID', 'wrong or used code'],
  )
})

test('an act that fails takes its signature back, and its code stays used', async () => {
  const before = (await list(token)).json.total
  clock.advance(durations.minute)
  const { rows } = await here.service.house.catalog.pool.query<{ sealed: Buffer; id: string }>(
    "select id, totp_secret_sealed as sealed from users where name = 'anna'",
  )
  const secret = here.service.house.sealing.unseal(rows[0]!.sealed, `totp:${rows[0]!.id}`)
  const signing = { password: testPassword, totp: codeOfStep(secret, Math.floor(clock.now().getTime() / 30_000)) }
  assert.equal((await sign(token, signing, { isUndone: true })).status, 500)
  assert.equal((await list(token)).json.total, before)
  assertProblem(await sign(token, signing), 403, 'REAUTHENTICATION')
})

test('a stolen session or a key cannot sign, and guessing the components locks the account', async () => {
  for (let failure = 1; failure <= 5; failure += 1)
    assertProblem(await sign(token, { password: 'a guess of the thief', totp: '123456' }), 403, 'REAUTHENTICATION')
  const body = { name: 'anna', password: testPassword }
  assertProblem(await here.ask('POST', '/api/v1/sign-in', { body }), 401, 'SIGN_IN_REFUSED')
})

test('a signature is seen in its own tenant alone', async () => {
  const foreign = await testTenant(here.service, 'elsewhere')
  const [own, other] = [
    await testPerson(here.service, 'own', [{ role: 'AUDITOR', tenantId }]),
    await testPerson(here.service, 'other', [{ role: 'AUDITOR', tenantId: foreign }]),
  ]
  assert.equal((await list(own.token)).json.total, 1)
  assert.deepEqual((await list(other.token, `?subjectId=${subjectId}`)).json.rows, [])
})
