import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { everything } from '#service/catalog/scope.ts'
import { Browser, providerClient, testProvider, type TestProvider } from '#test/support/oidc.ts'
import { assertProblem, setUpHere, testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'

const people = {
  'id-1': { preferred_username: 'berta', name: 'Berta Lund', email: 'berta@example.org', groups: ['backup', 'audit'] },
  'id-2': { preferred_username: 'anna', name: 'Somebody else who calls herself Anna' },
  'id-3': { preferred_username: 'carla', name: 'Carla', groups: ['audit'] },
  'id-4': { preferred_username: 'waiting', name: 'Waits' },
  'id-6': { preferred_username: 'dora', name: 'Dora', groups: ['admins'] },
  'id-5': { name: 'No name for an account' },
}
let here: TestService
let provider: TestProvider
let token: string
let tenantId: string
before(async () => {
  here = await testService()
  ;({ token, tenantId } = await setUpHere(here))
  provider = await testProvider(`${here.service.url}/api/v1/sign-in/oidc/callback`, people)
})
after(async () => {
  await provider[Symbol.asyncDispose]()
  await here[Symbol.asyncDispose]()
})

const set = (more: object = {}) =>
  here.ask('PUT', '/api/v1/settings/oidc', {
    token,
    body: { issuer: provider.issuer, clientId: providerClient.client_id, clientSecret: providerClient.client_secret, ...more },
  })
const meOf = async (browser: Browser) => {
  const cookie = `integrum_session=${browser.cookie(here.service.url, 'integrum_session')}`
  return await here.ask('GET', '/api/v1/me', { headers: { cookie } })
}
const problem = async (response: Response) => {
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) }
}

test('a provider is set by an administrator of the installation, who learns at once whether it answers, and its secret stays sealed', async () => {
  assert.equal((await here.ask('GET', '/api/v1/sign-in')).json.hasOidc, false)
  assertProblem(await here.ask('GET', '/api/v1/sign-in/oidc'), 404, 'OIDC_OFF')
  assertProblem(await set({ issuer: 'http://idp.example.org' }), 422, 'INPUT_INVALID')
  assertProblem(await set({ issuer: here.service.url }), 502, 'OIDC_PROVIDER')
  assertProblem(await set({ clientSecret: undefined }), 422, 'INPUT_INVALID')
  const { token: less } = await testPerson(here.service, 'tenant-admin', [{ role: 'SYSTEM_ADMIN', tenantId }])
  assertProblem(await here.ask('GET', '/api/v1/settings/oidc', { token: less }), 403, 'FORBIDDEN')
  assert.equal((await set()).status, 200)
  assert.equal((await set({ clientSecret: undefined, createsAccounts: true })).status, 200)
  const shown = await here.ask('GET', '/api/v1/settings/oidc', { token })
  assert.deepEqual(shown.json.oidc, {
    issuer: provider.issuer,
    clientId: 'integrum',
    scopes: ['openid', 'profile', 'email'],
    nameClaim: 'preferred_username',
    createsAccounts: true,
    roleMapping: null,
  })
  const kept = await here.service.house.catalog.as(everything, async (tx) => [
    await tx.selectFrom('settings').selectAll().execute(),
    await tx.selectFrom('audit_events').selectAll().execute(),
  ])
  assert.ok(!JSON.stringify(kept).includes(providerClient.client_secret) && !shown.text.includes(providerClient.client_secret))
  assert.equal((await here.ask('GET', '/api/v1/sign-in')).json.hasOidc, true)
})

test('whoever the provider lets in has a session, with an account made for them that may do nothing yet', async () => {
  const browser = new Browser()
  const done = await browser.signIn(here.service.url, 'id-1')
  assert.equal(done.status, 200)
  assert.match(done.headers.get('set-cookie')!, /integrum_session=its_[^;]+; Path=\/; HttpOnly; SameSite=Strict/)
  assert.match(await done.text(), /http-equiv="refresh"/)
  const { json } = await meOf(browser)
  assert.deepEqual(
    [json.name, json.title, json.email, json.grants, json.hasPassword],
    ['berta', 'Berta Lund', 'berta@example.org', [], false],
  )
  const again = new Browser()
  await again.signIn(here.service.url, 'id-1')
  assert.equal((await meOf(again)).json.id, json.id)
})

test('an account with a password of its own is not taken over by a name at the provider; one that waits is linked', async () => {
  const refused = await problem(await new Browser().signIn(here.service.url, 'id-2'))
  assertProblem(refused, 403, 'OIDC_NO_ACCOUNT')
  assertProblem(await problem(await new Browser().signIn(here.service.url, 'id-5')), 403, 'OIDC_NO_ACCOUNT')
  assert.equal((await set({ createsAccounts: false })).status, 200)
  assertProblem(await problem(await new Browser().signIn(here.service.url, 'id-3')), 403, 'OIDC_NO_ACCOUNT')
  const body = { name: 'waiting', title: 'Waits', grants: [{ role: 'VIEWER', tenantId }] }
  const { id } = (await here.ask('POST', '/api/v1/people', { token, body })).json.person
  const browser = new Browser()
  await browser.signIn(here.service.url, 'id-4')
  assert.equal((await meOf(browser)).json.id, id)
  await here.ask('POST', `/api/v1/people/${id}/retire`, { token, body: { reason: 'left' } })
  assertProblem(await problem(await new Browser().signIn(here.service.url, 'id-4')), 403, 'OIDC_NO_ACCOUNT')
  const events = await here.service.house.catalog.as(everything, (tx) =>
    tx
      .selectFrom('audit_events')
      .select(['outcome', 'actor_name as actor'])
      .where('action', '=', 'sign-in.oidc-callback')
      .orderBy('seq')
      .execute(),
  )
  assert.deepEqual(
    events.map(({ outcome, actor }) => `${outcome} ${actor}`),
    ['done berta', 'done berta', 'refused nobody', 'refused nobody', 'refused nobody', 'done waiting', 'refused nobody'],
  )
})

test('mapped roles follow the claim, those given here stay, and no provider takes the last administrator', async () => {
  const other = await testTenant(here.service, 'other')
  const roles = [
    { value: 'backup', role: 'BACKUP_OPERATOR', tenantId },
    { value: 'audit', role: 'AUDITOR', tenantId },
    { value: 'admins', role: 'SYSTEM_ADMIN', tenantId: null },
  ]
  assert.equal((await set({ createsAccounts: true, roleMapping: { claim: 'groups', roles } })).status, 200)
  const browser = new Browser()
  await browser.signIn(here.service.url, 'id-3')
  const { json } = await meOf(browser)
  assert.deepEqual(json.grants, [{ role: 'AUDITOR', tenantId }])
  await here.ask('POST', `/api/v1/people/${json.id}/grants`, { token, body: { role: 'VIEWER', tenantId: other } })
  people['id-3'].groups = ['backup']
  const later = new Browser()
  await later.signIn(here.service.url, 'id-3')
  const sorted = (await meOf(later)).json.grants.map((one: { role: string }) => one.role).toSorted()
  assert.deepEqual(sorted, ['BACKUP_OPERATOR', 'VIEWER'])

  const dora = new Browser()
  await dora.signIn(here.service.url, 'id-6')
  const anna = (await here.ask('GET', '/api/v1/me', { token })).json.id as string
  const { grants } = (await here.ask('GET', `/api/v1/people/${anna}`, { token })).json
  assert.equal((await here.ask('DELETE', `/api/v1/people/${anna}/grants/${grants[0].id}`, { token, body: {} })).status, 200)
  people['id-6'].groups = []
  await dora.signIn(here.service.url, 'id-6')
  assert.deepEqual((await meOf(dora)).json.grants, [{ role: 'SYSTEM_ADMIN', tenantId: null }])
  const cookie = `integrum_session=${dora.cookie(here.service.url, 'integrum_session')}`
  const body = { role: 'SYSTEM_ADMIN', tenantId: null }
  assert.equal((await here.ask('POST', `/api/v1/people/${anna}/grants`, { headers: { cookie }, body })).status, 200)
  await dora.signIn(here.service.url, 'id-6')
  assert.deepEqual((await meOf(dora)).json.grants, [])
})

test('an answer that this browser did not ask for is refused: another state, a code that is none, a cookie that is none', async () => {
  const callback = '/api/v1/sign-in/oidc/callback'
  assertProblem(await here.ask('GET', `${callback}?code=x&state=y`), 401, 'OIDC_REFUSED')
  assertProblem(await here.ask('GET', `${callback}?code=x`, { headers: { cookie: 'integrum_oidc=AAAA' } }), 401, 'OIDC_REFUSED')
  const begun = await fetch(`${here.service.url}/api/v1/sign-in/oidc`, { redirect: 'manual' })
  assert.equal(begun.status, 302)
  const asked = new URL(begun.headers.get('location')!).searchParams
  assert.deepEqual([asked.get('code_challenge_method'), asked.get('response_type')], ['S256', 'code'])
  const cookie = begun.headers.get('set-cookie')!
  assert.match(cookie, /^integrum_oidc=[^;]+; Max-Age=600; Path=\/api\/v1\/sign-in\/oidc; HttpOnly; SameSite=Lax$/)
  const headers = { cookie: cookie.split(';')[0]! }
  assertProblem(await here.ask('GET', `${callback}?code=x&state=other`, { headers }), 401, 'OIDC_REFUSED')
  assertProblem(await here.ask('GET', `${callback}?code=x&state=${asked.get('state')}`, { headers }), 401, 'OIDC_REFUSED')
  assertProblem(await here.ask('GET', `${callback}?error=access_denied&state=${asked.get('state')}`, { headers }), 401, 'OIDC_REFUSED')
})

test('somebody in a browser is led to the sign-in page when they are not let in, which says why', async () => {
  const answer = await fetch(`${here.service.url}/api/v1/sign-in/oidc/callback?code=x&state=y`, {
    headers: { accept: 'text/html,*/*' },
    redirect: 'manual',
  })
  assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/sign-in?notice=refused&code=OIDC_REFUSED'])
})

test('without the setting nobody comes in through the provider any more', async () => {
  assert.equal((await here.ask('DELETE', '/api/v1/settings/oidc', { token, body: {} })).status, 204)
  assertProblem(await problem(await new Browser().signIn(here.service.url, 'id-1')), 404, 'OIDC_OFF')
  assert.deepEqual((await here.ask('GET', '/api/v1/settings/oidc', { token })).json, { oidc: null })
})
