import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { testClock } from '#base/clock.ts'
import { limits } from '#base/limits.ts'
import { durations } from '#base/units.ts'
import { clientOf, RemoteFault } from '#contract/client.ts'
import { me } from '#contract/me.ts'
import { signIn } from '#contract/sign-in.ts'
import { everything } from '#service/catalog/scope.ts'
import { removeExpired } from '#service/people/expired.store.ts'
import { hashOfToken } from '#service/people/token.ts'
import { assertProblem, setUpHere, testPassword, testService, type TestService } from '#test/support/service.ts'

const clock = testClock(new Date('2031-03-05T08:00:00Z'))
let here: TestService
before(async () => {
  here = await testService({ clock, publicUrl: 'https://backup.example.org' })
})
after(() => here[Symbol.asyncDispose]())

let asked = 0
/** Each from an address of its own, so that the bound of one address stays out of the way. */
const from = () => ({ 'x-forwarded-for': `203.0.113.${(asked += 1) % 250}` })
const tryPassword = (name: string, password: string) => here.ask('POST', '/api/v1/sign-in', { body: { name, password }, headers: from() })

async function refusals(action: string) {
  return await here.service.house.catalog.as(everything, (tx) =>
    tx.selectFrom('audit_events').selectAll().where('action', '=', action).where('outcome', '=', 'refused').orderBy('seq').execute(),
  )
}

test('a fresh installation has nobody in it, and each start before its set-up prints a link that ends the one before', async () => {
  assert.deepEqual((await here.ask('GET', '/api/v1/set-up')).json, { isSetUp: false })
  for (const [name, password] of [
    ['admin', 'admin'],
    ['admin', 'password1234'],
    ['integrum', 'integrum'],
  ] as const)
    assertProblem(await tryPassword(name, password), 401, 'SIGN_IN_REFUSED')
  const first = here.service.setUpLink!
  assert.match(first, /^https:\/\/backup\.example\.org\/set-up#itu_[\w-]{43}$/)
  await here.restart()
  assert.notEqual(here.service.setUpLink, first)
  const body = { token: first.split('#')[1], name: 'anna', title: 'Anna Berg', password: testPassword }
  assertProblem(await here.ask('POST', '/api/v1/set-up', { body, headers: from() }), 403, 'SET_UP_LINK')
})

test('a set-up with a weak password, a name that is none, or fields that are none changes nothing', async () => {
  const good = { token: here.service.setUpLink!.split('#')[1], name: 'anna', title: 'Anna Berg', password: testPassword }
  const asks = [
    { given: { ...good, password: 'short' }, code: 'PASSWORD_RULES', field: 'password' },
    { given: { ...good, password: 'Password-2031!!' }, code: 'PASSWORD_RULES', field: 'password' },
    { given: { ...good, password: 'ababababababab' }, code: 'PASSWORD_RULES', field: 'password' },
    { given: { ...good, password: 'anna likes the harbour' }, code: 'PASSWORD_RULES', field: 'password' },
    { given: { ...good, name: "x' or 1=1 --" }, code: 'INPUT_INVALID', field: 'name' },
    { given: { ...good, role: 'SYSTEM_ADMIN' }, code: 'INPUT_INVALID', field: 'role' },
  ]
  for (const { given, code, field } of asks) {
    const answer = await here.ask('POST', '/api/v1/set-up', { body: given, headers: from() })
    assertProblem(answer, 422, code)
    assert.equal(answer.json.field, field)
  }
  assert.deepEqual((await here.ask('GET', '/api/v1/set-up')).json, { isSetUp: false })
})

test('of many set-ups at once one makes the first administrator, and nobody does it again', async () => {
  const token = here.service.setUpLink!.split('#')[1]!
  const names = ['anna', 'berta', 'carla']
  const answers = await Promise.all(
    names.map((name) =>
      here.ask('POST', '/api/v1/set-up', { body: { token, name, title: name.toUpperCase(), password: testPassword }, headers: from() }),
    ),
  )
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [201, 403, 403],
  )
  const { json, headers } = answers.find(({ status }) => status === 201)!
  assert.match(headers.get('set-cookie')!, /^integrum_session=its_.*; HttpOnly; Secure; SameSite=Strict$/)
  const { json: mine } = await here.ask('GET', '/api/v1/me', { token: json.token })
  assert.deepEqual(mine.grants, [{ role: 'SYSTEM_ADMIN', tenantId: null }])
  assert.deepEqual(mine.tenants, [{ id: json.tenantId, name: 'main', title: 'Main' }])
  assert.equal(mine.permissions.find(({ permission }: { permission: string }) => permission === 'people.write').tenantIds, null)
  assert.deepEqual((await here.ask('GET', '/api/v1/set-up')).json, { isSetUp: true })
  const body = { token, name: 'eve', title: 'Eve', password: testPassword }
  assertProblem(await here.ask('POST', '/api/v1/set-up', { body, headers: from() }), 403, 'SET_UP_LINK')
  await here.restart()
  assert.equal(here.service.setUpLink, undefined)
})

async function administrator(): Promise<string> {
  const { rows } = await here.service.house.catalog.pool.query<{ name: string }>('select name from users')
  return rows[0]!.name
}

test('a session signs in by cookie or by token, ends when its person signs out, and no other page uses it', async () => {
  const name = await administrator()
  const { json, headers } = await tryPassword(name.toUpperCase(), testPassword)
  assert.equal(json.next, 'done')
  const cookie = headers.get('set-cookie')!.split(';')[0]!
  assert.equal((await here.ask('GET', '/api/v1/me', { headers: { cookie } })).json.name, name)
  const foreign = { cookie, origin: 'https://elsewhere.example' }
  assertProblem(await here.ask('POST', '/api/v1/sign-out', { headers: foreign }), 403, 'ORIGIN_REFUSED')
  assert.equal((await here.ask('POST', '/api/v1/sign-out', { headers: { cookie } })).status, 204)
  assertProblem(await here.ask('GET', '/api/v1/me', { headers: { cookie } }), 401, 'NOT_SIGNED_IN')
  assertProblem(await here.ask('GET', '/api/v1/me', { token: json.token }), 401, 'NOT_SIGNED_IN')
})

test('unknown name, wrong password and locked account are answered alike, and told apart in the trail alone', async () => {
  const name = await administrator()
  const seen = (await refusals('sign-in.password')).length
  const replies = [await tryPassword('nobody-at-all', testPassword), await tryPassword(name, 'not the password')]
  for (let failure = 1; failure < limits.signInFailuresMax; failure += 1) replies.push(await tryPassword(name, 'not the password'))
  replies.push(await tryPassword(name, testPassword))
  for (const reply of replies) assertProblem(reply, 401, 'SIGN_IN_REFUSED')
  assert.equal(new Set(replies.map(({ text }) => text)).size, 1)
  const events = (await refusals('sign-in.password')).slice(seen)
  assert.deepEqual(
    events.map(({ facts, subject_name: subject }) => [facts['why'], subject]),
    [['unknown name', null], ...Array.from({ length: 5 }, () => ['wrong password', name]), ['locked', name]],
  )
  assert.doesNotMatch(JSON.stringify(events), /not the password|seven lamps|nobody-at-all/)
})

test('a lock ends after 15 minutes, the next failure locks for twice as long, and the right password ends counting', async () => {
  const name = await administrator()
  clock.advance(15 * durations.minute - 1_000)
  assertProblem(await tryPassword(name, testPassword), 401, 'SIGN_IN_REFUSED')
  clock.advance(1_000)
  assertProblem(await tryPassword(name, 'wrong once more'), 401, 'SIGN_IN_REFUSED')
  clock.advance(30 * durations.minute - 1_000)
  assertProblem(await tryPassword(name, testPassword), 401, 'SIGN_IN_REFUSED')
  clock.advance(1_000)
  assert.equal((await tryPassword(name, testPassword)).status, 200)
  for (let failure = 1; failure < limits.signInFailuresMax; failure += 1) await tryPassword(name, 'not the password')
  assert.equal((await tryPassword(name, testPassword)).status, 200)
})

test('many wrong passwords at once are no more tries than one after the other', async () => {
  const name = await administrator()
  const seen = (await refusals('sign-in.password')).length
  await Promise.all(Array.from({ length: 12 }, () => tryPassword(name, 'not the password')))
  const whys = (await refusals('sign-in.password')).slice(seen).map(({ facts }) => facts['why'])
  assert.equal(whys.filter((why) => why === 'wrong password').length, limits.signInFailuresMax)
  assert.equal(whys.filter((why) => why === 'locked').length, 12 - limits.signInFailuresMax)
  clock.advance(16 * durations.minute)
})

test('a session ends after 15 minutes without use, and after 12 hours with it', async () => {
  const name = await administrator()
  const idle = (await tryPassword(name, testPassword)).json
  clock.advance(15 * durations.minute)
  assertProblem(await here.ask('GET', '/api/v1/me', { token: idle.token }), 401, 'NOT_SIGNED_IN')
  const busy = (await tryPassword(name, testPassword)).json
  for (let used = 10; used < 12 * 60; used += 10) {
    clock.advance(10 * durations.minute)
    assert.equal((await here.ask('GET', '/api/v1/me', { token: busy.token })).status, 200, `after ${used} minutes`)
  }
  clock.advance(10 * durations.minute)
  assertProblem(await here.ask('GET', '/api/v1/me', { token: busy.token }), 401, 'NOT_SIGNED_IN')
})

test('of many requests at once one writes down that the session was used, and the others do not wait for it', async () => {
  const { token } = (await tryPassword(await administrator(), testPassword)).json
  assert.equal((await here.ask('GET', '/api/v1/me', { token })).status, 200)
  clock.advance(durations.minute)
  const answered: number[] = []
  const others = Promise.withResolvers<void>()
  const asking: Promise<unknown>[] = []
  await here.service.house.catalog.as(everything, async (tx) => {
    await tx.selectFrom('sessions').select('id').where('token_hash', '=', hashOfToken(token)).forUpdate().executeTakeFirstOrThrow()
    const ask = async () => {
      answered.push((await here.ask('GET', '/api/v1/me', { token })).status)
      if (answered.length === 19) others.resolve()
    }
    for (let reader = 0; reader < 20; reader += 1) asking.push(ask())
    await others.promise
    assert.equal(answered.length, 19)
  })
  await Promise.all(asking)
  assert.deepEqual(new Set(answered), new Set([200]))
})

test('a password is changed with the current one, ends the other sessions, and is none of the last five', async () => {
  const name = await administrator()
  const other = (await tryPassword(name, testPassword)).json
  const { token } = (await tryPassword(name, testPassword)).json
  const change = async (currentPassword: string, newPassword: string) => {
    clock.advance(durations.second)
    return await here.ask('POST', '/api/v1/me/password', { token, body: { currentPassword, newPassword } })
  }
  assertProblem(await change('not the current one', 'a new one of many words'), 403, 'REAUTHENTICATION')
  assertProblem(await change(testPassword, testPassword), 422, 'PASSWORD_RULES')
  let current = testPassword
  for (const next of ['first of many words', 'second of many words', 'third of many words', 'fourth of many words']) {
    assert.equal((await change(current, next)).status, 204)
    current = next
  }
  assertProblem(await change(current, testPassword), 422, 'PASSWORD_RULES')
  assert.equal((await change(current, 'fifth of many words')).status, 204)
  assert.equal((await change('fifth of many words', testPassword)).status, 204)
  assertProblem(await here.ask('GET', '/api/v1/me', { token: other.token }), 401, 'NOT_SIGNED_IN')
  assert.equal((await here.ask('GET', '/api/v1/me', { token })).status, 200)
})

test('one address may try so often in a minute, and another is not kept waiting by it', async () => {
  const body = { name: 'nobody-at-all', password: 'x' }
  const headers = { 'x-forwarded-for': '198.51.100.7' }
  const statuses: number[] = []
  for (let count = 0; count <= limits.signInsPerMinuteMax; count += 1)
    statuses.push((await here.ask('POST', '/api/v1/sign-in', { body, headers })).status)
  assert.deepEqual(statuses, [...Array(limits.signInsPerMinuteMax).fill(401), 429])
  assert.equal((await tryPassword('nobody-at-all', 'x')).status, 401)
})

test('the client speaks the contract: typed replies, the words of the service when it refuses, and its own when there is none', async () => {
  const name = await administrator()
  const open = clientOf({ url: here.service.url })
  await assert.rejects(
    open.call(me.show, {}),
    (error) => error instanceof RemoteFault && error.code === 'NOT_SIGNED_IN' && error.status === 401,
  )
  const reply = await open.call(signIn.password, { body: { name, password: testPassword }, headers: from() })
  assert.ok(reply.next === 'done')
  const client = clientOf({ url: here.service.url, token: reply.token })
  assert.equal((await client.call(me.show, {})).name, name)
  assert.deepEqual(await client.call(signIn.end, {}), {})
  await assert.rejects(clientOf({ url: 'http://127.0.0.1:9' }).call(me.show, {}), { code: 'SERVICE_UNREACHABLE' })
  await assert.rejects(open.call({ ...me.show, path: '/docs/' }, {}), { code: 'SERVICE_REPLY' })
})

test('no password, token or hash of one reaches the catalog in the clear', async () => {
  const token = (await tryPassword(await administrator(), testPassword)).json.token as string
  const { rows } = await here.service.house.catalog.pool.query<{ text: string }>(
    `select string_agg(t::text, ' ') as text from (select to_jsonb(users) from users union all select to_jsonb(sessions) from sessions
     union all select to_jsonb(password_history) from password_history union all select to_jsonb(idempotency_keys) from idempotency_keys) t`,
  )
  assert.ok(!rows[0]!.text.includes(token) && !rows[0]!.text.includes(testPassword))
  assert.match(rows[0]!.text, /\$argon2id\$v=19\$m=65536,t=1,p=1\$/)
})

test('what has been good for nothing for a month is removed, and nothing before', async () => {
  await tryPassword(await administrator(), testPassword)
  const { catalog } = here.service.house
  const leftAt = (at: Date) =>
    catalog.as(everything, async (tx) => {
      await removeExpired(tx, at)
      return (await tx.selectFrom('sessions').select('expires_at').execute()).length
    })
  const { expires_at: end } = await catalog.as(everything, (tx) =>
    tx.selectFrom('sessions').select('expires_at').orderBy('expires_at', 'desc').limit(1).executeTakeFirstOrThrow(),
  )
  assert.ok((await leftAt(new Date(end.getTime() + 30 * durations.day))) > 0)
  assert.equal(await leftAt(new Date(end.getTime() + 31 * durations.day)), 0)
})

test('set-up by the usual way, for the tests of everything else', async () => {
  await using fresh = await testService()
  const { token, tenantId } = await setUpHere(fresh)
  assert.deepEqual(
    (await fresh.ask('GET', '/api/v1/me', { token })).json.tenants.map(({ id }: { id: string }) => id),
    [tenantId],
  )
})
