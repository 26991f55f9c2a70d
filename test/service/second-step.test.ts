import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { testClock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import { stepOfCode } from '#service/people/totp.ts'
import { codeOfStep, enrol, type Authenticator } from '#test/support/authenticator.ts'
import { assertProblem, setUpHere, testPassword, testService, type TestService } from '#test/support/service.ts'

const clock = testClock(new Date('2031-03-05T08:00:10Z'))
let here: TestService
let token: string
let authenticator: Authenticator
before(async () => {
  here = await testService({ clock, publicUrl: 'https://backup.example.org' })
  ;({ token } = await setUpHere(here))
  authenticator = await enrol(here, token)
})
after(() => here[Symbol.asyncDispose]())

let asked = 0
const from = () => ({ 'x-forwarded-for': `203.0.113.${(asked += 1) % 250}` })
const first = async () => {
  const answer = await here.ask('POST', '/api/v1/sign-in', { body: { name: 'anna', password: testPassword }, headers: from() })
  assert.equal(answer.json.next, 'totp', answer.text)
  return answer.json.token as string
}
const second = (pending: string, body: unknown) => here.ask('POST', '/api/v1/sign-in/totp', { token: pending, body, headers: from() })
const nextStep = () => clock.advance(30 * durations.second)

test('the vectors of RFC 6238 are accepted at their times, and one step around them', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  for (const [seconds, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ] as const) {
    const step = Math.floor(seconds / 30)
    assert.equal(codeOfStep(secret, step), code)
    const at = (offset: number) => stepOfCode(code, { secret, now: new Date((seconds + offset) * 1000), lastStep: 0 })
    assert.deepEqual([at(-30), at(0), at(30), at(60)], [step, step, step, undefined])
    if (seconds > 60) assert.equal(at(-60), undefined)
    assert.equal(stepOfCode(code, { secret, now: new Date(seconds * 1000), lastStep: step }), undefined)
  }
})

test('after the password alone nothing is open but the second step, and each step has a token of its own', async () => {
  nextStep()
  const pending = await first()
  assertProblem(await here.ask('GET', '/api/v1/me', { token: pending }), 401, 'NOT_SIGNED_IN')
  const done = await second(pending, { code: authenticator.next() })
  assert.equal(done.json.next, 'done')
  assert.equal((await here.ask('GET', '/api/v1/me', { token: done.json.token })).json.isTotpEnrolled, true)
  assertProblem(await here.ask('GET', '/api/v1/me', { token: pending }), 401, 'NOT_SIGNED_IN')
  assertProblem(await second(pending, { code: authenticator.next() }), 401, 'NOT_SIGNED_IN')
})

test('a code that was used is good no more, nor is an earlier one, and of two at once one signs in', async () => {
  nextStep()
  nextStep()
  const earlier = authenticator.next()
  const code = authenticator.next()
  assert.equal((await second(await first(), { code })).status, 200)
  assertProblem(await second(await first(), { code }), 401, 'SIGN_IN_REFUSED')
  assertProblem(await second(await first(), { code: earlier }), 401, 'SIGN_IN_REFUSED')
  nextStep()
  nextStep()
  const [one, other, fresh] = [await first(), await first(), authenticator.next()]
  const answers = await Promise.all([second(one, { code: fresh }), second(other, { code: fresh })])
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 401],
  )
})

test('a recovery code is good once, however it is typed', async () => {
  const code = authenticator.recoveryCodes[0]!
  assert.match(code, /^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$/)
  const done = await second(await first(), { recoveryCode: code.toLowerCase().replaceAll('-', ' ') })
  assert.equal(done.status, 200)
  assert.equal((await here.ask('GET', '/api/v1/me', { token: done.json.token })).json.recoveryCodesLeft, 9)
  assertProblem(await second(await first(), { recoveryCode: code }), 401, 'SIGN_IN_REFUSED')
})

test('wrong codes lock the account like wrong passwords, and the right password between them wipes nothing out', async () => {
  nextStep()
  nextStep()
  assert.equal((await second(await first(), { code: authenticator.next() })).status, 200)
  const wrong = () => (authenticator.next() === '123456' ? '123457' : '123456')
  for (let failure = 1; failure <= 5; failure += 1) assertProblem(await second(await first(), { code: wrong() }), 401, 'SIGN_IN_REFUSED')
  const body = { name: 'anna', password: testPassword }
  assertProblem(await here.ask('POST', '/api/v1/sign-in', { body, headers: from() }), 401, 'SIGN_IN_REFUSED')
  clock.advance(15 * durations.minute)
  assert.equal((await second(await first(), { code: authenticator.next() })).status, 200)
})

test('a second step comes within five minutes or not at all', async () => {
  const pending = await first()
  clock.advance(5 * durations.minute)
  assertProblem(await second(pending, { code: authenticator.next() }), 401, 'NOT_SIGNED_IN')
})

test('an authenticator is enrolled with the password, renewed codes end the old ones, and it is removed with both components', async () => {
  clock.advance(durations.minute)
  const session = (await second(await first(), { code: authenticator.next() })).json.token as string
  const ask = (method: string, path: string, body: unknown) => here.ask(method, path, { token: session, body })
  assertProblem(await ask('POST', '/api/v1/me/totp', { password: testPassword }), 409, 'TOTP_ENROLLED')
  nextStep()
  const renewed = await ask('POST', '/api/v1/me/totp/recovery-codes', { password: testPassword, code: authenticator.next() })
  assert.equal(renewed.json.recoveryCodes.length, 10)
  assertProblem(await second(await first(), { recoveryCode: authenticator.recoveryCodes[1] }), 401, 'SIGN_IN_REFUSED')
  const proof = { recoveryCode: renewed.json.recoveryCodes[0] }
  assertProblem(await ask('POST', '/api/v1/me/totp/remove', { password: 'not the password', proof }), 403, 'REAUTHENTICATION')
  assert.equal((await ask('POST', '/api/v1/me/totp/remove', { password: testPassword, proof })).status, 204)
  const plain = await here.ask('POST', '/api/v1/sign-in', { body: { name: 'anna', password: testPassword }, headers: from() })
  assert.equal(plain.json.next, 'done')
  assertProblem(await ask('POST', '/api/v1/me/totp', { password: 'not the password' }), 403, 'REAUTHENTICATION')
  const begun = await ask('POST', '/api/v1/me/totp', { password: testPassword })
  assert.match(begun.json.uri, /^otpauth:\/\/totp\/Integrum:anna\?secret=[A-Z2-7]{32}&issuer=Integrum/)
  assertProblem(await ask('POST', '/api/v1/me/totp/confirm', { code: '000000' }), 422, 'INPUT_INVALID')
  assert.equal((await here.ask('GET', '/api/v1/me', { token: session })).json.isTotpEnrolled, false)
})

test('what is shown once is sealed where a repeated request is remembered', async () => {
  const fresh = (await here.ask('POST', '/api/v1/sign-in', { body: { name: 'anna', password: testPassword }, headers: from() })).json.token
  const headers = { 'idempotency-key': 'enrol-once' }
  const ask = () => here.ask('POST', '/api/v1/me/totp', { token: fresh, body: { password: testPassword }, headers })
  const [one, again] = [await ask(), await ask()]
  assert.equal(one.status, 200)
  assert.deepEqual(again.json, one.json)
  const { rows } = await here.service.house.catalog.pool.query<{ text: string }>('select i::text as text from idempotency_keys i')
  assert.equal(rows.length, 1)
  assert.ok(!rows[0]!.text.includes(one.json.secret))
})
