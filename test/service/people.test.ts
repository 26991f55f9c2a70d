import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { testClock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import type { Role } from '#contract/permissions.ts'
import { everything } from '#service/catalog/scope.ts'
import { enrol } from '#test/support/authenticator.ts'
import { assertProblem, setUpHere, testPassword, testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'

const clock = testClock(new Date('2031-03-05T08:00:00Z'))
const reason = 'left the hospital'
let here: TestService
let admin: { token: string; id: string; tenantId: string }
let other: string
/** An administrator of the tenant `other` alone. */
let there: { token: string; id: string }
before(async () => {
  here = await testService({ clock, publicUrl: 'https://backup.example.org' })
  admin = await setUpHere(here)
  other = await testTenant(here.service, 'other')
  there = await testPerson(here.service, 'tenant-admin', [{ role: 'SYSTEM_ADMIN', tenantId: other }])
})
after(() => here[Symbol.asyncDispose]())

let asked = 0
const from = () => ({ 'x-forwarded-for': `203.0.113.${(asked += 1) % 250}` })
const ask = (token: string, method: string, path: string, body?: unknown) =>
  here.ask(method, `/api/v1${path}`, { token, body, headers: from() })
const signIn = (name: string, password = testPassword) => here.ask('POST', '/api/v1/sign-in', { body: { name, password }, headers: from() })

let made = 0
async function person(grants: readonly { role: Role; tenantId: string | null }[], by = admin.token) {
  const name = `person-${(made += 1)}`
  const { status, text, json } = await ask(by, 'POST', '/people', { name, title: `Title of ${name}`, grants })
  assert.equal(status, 201, text)
  return { name, id: json.person.id as string, link: json.passwordLink.link as string, grants: json.person.grants }
}
const setPassword = (link: string, password = testPassword) =>
  here.ask('POST', '/api/v1/password-link', { body: { token: link.split('#')[1], password }, headers: from() })

test('a new account sets its password by a link, once, and signs in; nobody else learns it', async () => {
  const { name, id, link } = await person([{ role: 'VIEWER', tenantId: admin.tenantId }])
  assert.match(link, /^https:\/\/backup\.example\.org\/set-password#itp_/)
  assertProblem(await signIn(name, ''), 422, 'INPUT_INVALID')
  assertProblem(await signIn(name), 401, 'SIGN_IN_REFUSED')
  assertProblem(await setPassword(link, 'too short'), 422, 'PASSWORD_RULES')
  const answers = await Promise.all([setPassword(link), setPassword(link)])
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [204, 403],
  )
  assertProblem(await setPassword(link), 403, 'PASSWORD_LINK')
  const { json } = await signIn(name)
  const mine = (await ask(json.token, 'GET', '/me')).json
  assert.deepEqual([mine.id, mine.tenants.map((tenant: { id: string }) => tenant.id)], [id, [admin.tenantId]])
  const stale = (await ask(admin.token, 'POST', `/people/${id}/password-link`, {})).json.link
  clock.advance(3 * durations.day)
  await reopen()
  assertProblem(await setPassword(stale, 'a new one of many words'), 403, 'PASSWORD_LINK')
})

/** Days went by: sessions ended. */
async function reopen() {
  admin = { ...admin, token: (await signIn('anna')).json.token }
  there = await testPerson(here.service, `tenant-admin-${(made += 1)}`, [{ role: 'SYSTEM_ADMIN', tenantId: other }])
}

test('an account with a password that somebody else chose can do nothing but change it', async () => {
  const body = { name: 'initial', title: 'I', grants: [{ role: 'SYSTEM_ADMIN', tenantId: null }], password: testPassword }
  assert.equal((await ask(admin.token, 'POST', '/people', body)).json.passwordLink, null)
  const { json } = await signIn('initial')
  assert.equal(json.mustChangePassword, true)
  assertProblem(await ask(json.token, 'GET', '/people'), 403, 'PASSWORD_CHANGE_NEEDED')
  const change = { currentPassword: testPassword, newPassword: 'a password of their own' }
  assert.equal((await ask(json.token, 'POST', '/me/password', change)).status, 204)
  const { total } = (await ask(json.token, 'GET', '/people')).json
  assert.ok(total >= 3)
  const { id } = (await ask(json.token, 'GET', '/me')).json
  assert.equal((await ask(admin.token, 'POST', `/people/${id}/retire`, { reason })).status, 200)
})

test('a closed account signs in no more, its session and its keys end, and its name is nobody else’s', async () => {
  const { name, id, link } = await person([{ role: 'BACKUP_OPERATOR', tenantId: admin.tenantId }])
  await setPassword(link)
  const { token } = (await signIn(name)).json
  const expiresAt = new Date(clock.now().getTime() + durations.day).toISOString()
  const key = (await ask(token, 'POST', '/me/keys', { name: 'nightly', permissions: ['backups.read'], expiresAt })).json.token
  assert.equal((await ask(key, 'GET', '/me')).json.kind, 'key')
  assertProblem(await ask(admin.token, 'POST', `/people/${id}/retire`, {}), 422, 'INPUT_INVALID')
  const retired = await ask(admin.token, 'POST', `/people/${id}/retire`, { reason })
  assert.equal(retired.json.retiredAt, clock.now().toISOString())
  for (const gone of [token, key]) assertProblem(await ask(gone, 'GET', '/me'), 401, 'NOT_SIGNED_IN')
  assertProblem(await signIn(name), 401, 'SIGN_IN_REFUSED')
  assertProblem(await ask(admin.token, 'POST', '/people', { name: name.toUpperCase(), title: 'Another' }), 409, 'NAME_TAKEN')
  for (const [method, path, body] of [
    ['PATCH', '', { title: 'x' }],
    ['POST', '/retire', { reason }],
    ['POST', '/password-link', {}],
    ['POST', '/grants', { role: 'VIEWER', tenantId: null }],
  ] as const)
    assertProblem(await ask(admin.token, method, `/people/${id}${path}`, body), 409, 'PERSON_RETIRED')
  const names = async (query: string) =>
    (await ask(admin.token, 'GET', `/people?${query}`)).json.rows.map((row: { name: string }) => row.name) as string[]
  assert.ok(!(await names('')).includes(name))
  assert.deepEqual(await names(`retired=true&search=${name}`), [name])
  assert.deepEqual(await names(`retired=true&search=%25`), [])
})

test('the last administrator of the installation stays one, also when two take the role from each other at once', async () => {
  const grants = (await ask(admin.token, 'GET', `/people/${admin.id}`)).json.grants
  assertProblem(await ask(admin.token, 'POST', `/people/${admin.id}/retire`, { reason }), 409, 'LAST_ADMINISTRATOR')
  assertProblem(await ask(admin.token, 'DELETE', `/people/${admin.id}/grants/${grants[0].id}`, {}), 409, 'LAST_ADMINISTRATOR')
  const second = await person([{ role: 'SYSTEM_ADMIN', tenantId: null }])
  const answers = await Promise.all([
    ask(admin.token, 'POST', `/people/${second.id}/retire`, { reason }),
    ask(admin.token, 'DELETE', `/people/${admin.id}/grants/${grants[0].id}`, {}),
  ])
  // Whoever comes second is refused by the rule, or has no role any more to come in with.
  const [refused, other] = answers.map(({ status }) => status).toSorted((a, b) => b - a)
  assert.ok(other === 200 && (refused === 409 || refused === 403), `${refused} and ${other}`)
  const { rows } = await here.service.house.catalog.pool.query<{ name: string }>(
    `select name from users join role_grants on user_id = users.id
     where role = 'SYSTEM_ADMIN' and tenant_id is null and users.retired_at is null`,
  )
  assert.equal(rows.length, 1)
  if (rows[0]!.name === 'anna') return
  const rescuer = await testPerson(here.service, 'rescue', [{ role: 'SYSTEM_ADMIN', tenantId: null }])
  const again = await ask(rescuer.token, 'POST', `/people/${admin.id}/grants`, { role: 'SYSTEM_ADMIN', tenantId: null })
  assert.equal(again.status, 200, again.text)
})

test('an administrator of one tenant sees and changes its people alone, and gives no role beyond it', async () => {
  const ours = await person([{ role: 'VIEWER', tenantId: admin.tenantId }])
  const theirs = await person([{ role: 'VIEWER', tenantId: other }], there.token)
  const both = await person([
    { role: 'SYSTEM_ADMIN', tenantId: null },
    { role: 'VIEWER', tenantId: other },
  ])
  const { rows } = (await ask(there.token, 'GET', '/people?pageSize=200')).json
  const seen = new Set(rows.map((row: { id: string }) => row.id))
  assert.deepEqual([seen.has(theirs.id), seen.has(both.id), seen.has(ours.id), seen.has(admin.id)], [true, true, false, false])
  const shown = rows.find((row: { id: string }) => row.id === both.id)
  assert.deepEqual([shown.grants.length, shown.grants[0].tenantId, shown.hasFurtherRoles], [1, other, true])

  const acts = [
    ['PATCH', '', { title: 'x' }],
    ['POST', '/retire', { reason }],
    ['POST', '/password-link', {}],
    ['POST', '/totp/reset', { reason }],
    ['POST', '/unlock', { reason }],
    ['DELETE', `/keys/${other}`, {}],
  ] as const
  for (const [method, path, body] of acts) {
    assertProblem(await ask(there.token, method, `/people/${ours.id}${path}`, body), 404, 'NOT_FOUND')
    assertProblem(await ask(there.token, method, `/people/${both.id}${path}`, body), 403, 'ROLES_BEYOND')
  }
  assertProblem(await ask(there.token, 'GET', `/people/${ours.id}`), 404, 'NOT_FOUND')
  assertProblem(await ask(there.token, 'GET', `/people/${ours.id}/keys`), 404, 'NOT_FOUND')

  const grant = (id: string, body: unknown) => ask(there.token, 'POST', `/people/${id}/grants`, body)
  assertProblem(await grant(theirs.id, { role: 'VIEWER', tenantId: null }), 403, 'ROLES_BEYOND')
  assertProblem(await grant(theirs.id, { role: 'VIEWER', tenantId: admin.tenantId }), 404, 'NOT_FOUND')
  assertProblem(await grant(ours.id, { role: 'VIEWER', tenantId: other }), 404, 'NOT_FOUND')
  assert.equal((await grant(both.id, { role: 'AUDITOR', tenantId: other })).json.grants.length, 2)
  const global = (await ask(admin.token, 'GET', `/people/${both.id}`)).json.grants.find(
    (one: { tenantId: string | null }) => one.tenantId === null,
  )
  assertProblem(await ask(there.token, 'DELETE', `/people/${both.id}/grants/${global.id}`, {}), 404, 'NOT_FOUND')

  const create = (grants: unknown[]) => ask(there.token, 'POST', '/people', { name: 'smuggled', title: 'S', grants })
  assertProblem(await create([]), 422, 'INPUT_INVALID')
  assertProblem(await create([{ role: 'SYSTEM_ADMIN', tenantId: null }]), 403, 'ROLES_BEYOND')
  assertProblem(await create([{ role: 'VIEWER', tenantId: admin.tenantId }]), 404, 'NOT_FOUND')
  assertProblem(await ask(there.token, 'GET', '/tenants'), 403, 'FORBIDDEN')
  assert.equal((await ask(there.token, 'PATCH', `/people/${theirs.id}`, { title: 'Ward 3', email: 'w3@example.org' })).json.title, 'Ward 3')
})

test('roles take effect at once, and each change says in the trail what it was', async () => {
  const { id, name, link } = await person([])
  await setPassword(link)
  const { token } = (await signIn(name)).json
  assertProblem(await ask(token, 'GET', '/people'), 403, 'FORBIDDEN')
  const granted = (await ask(admin.token, 'POST', `/people/${id}/grants`, { role: 'AUDITOR', tenantId: other })).json
  assert.ok((await ask(token, 'GET', '/people')).json.total > 0)
  await ask(admin.token, 'DELETE', `/people/${id}/grants/${granted.grants[0].id}`, {})
  assertProblem(await ask(token, 'GET', '/people'), 403, 'FORBIDDEN')
  const events = await here.service.house.catalog.as(everything, (tx) =>
    tx
      .selectFrom('audit_events')
      .selectAll()
      .where('subject_id', '=', id)
      .where('action', 'in', ['people.grant', 'people.revoke'])
      .orderBy('seq')
      .execute(),
  )
  assert.deepEqual(
    events.map(({ action, before, after, tenant_id: tenantId, actor_name: actor }) => [action, before, after, tenantId, actor]),
    [
      ['people.grant', null, { role: 'AUDITOR', tenantId: other }, other, 'anna'],
      ['people.revoke', { role: 'AUDITOR', tenantId: other }, null, other, 'anna'],
    ],
  )
})

test('an authenticator is reset by an administrator, which ends sessions, and a lock is ended before its time', async () => {
  const { id, name, link } = await person([{ role: 'VIEWER', tenantId: other }])
  await setPassword(link)
  const { token } = (await signIn(name)).json
  await enrol(here, token, clock)
  assert.equal((await signIn(name)).json.next, 'totp')
  for (let failure = 1; failure <= 5; failure += 1) await signIn(name, 'not the password')
  assert.ok((await ask(there.token, 'GET', `/people/${id}`)).json.lockedUntil)
  assertProblem(await signIn(name), 401, 'SIGN_IN_REFUSED')
  assert.equal((await ask(there.token, 'POST', `/people/${id}/unlock`, { reason })).json.lockedUntil, null)
  assert.equal((await signIn(name)).json.next, 'totp')
  assert.equal((await ask(there.token, 'POST', `/people/${id}/totp/reset`, { reason })).json.isTotpEnrolled, false)
  assertProblem(await ask(token, 'GET', '/me'), 401, 'NOT_SIGNED_IN')
  assert.equal((await signIn(name)).json.next, 'done')
})

test('a key has a part of what its owner may do, ends within a year, and makes, signs and changes nothing about people', async () => {
  const { token } = await testPerson(here.service, 'operator', [{ role: 'BACKUP_OPERATOR', tenantId: other }])
  const make = (name: string, permissions: string[], days: number) => {
    const expiresAt = new Date(clock.now().getTime() + days * durations.day).toISOString()
    return ask(token, 'POST', '/me/keys', { name, permissions, expiresAt })
  }
  assertProblem(await make('too much', ['backups.read', 'backups.delete'], 30), 403, 'FORBIDDEN')
  assertProblem(await make('unknown', ['everything'], 30), 422, 'INPUT_INVALID')
  assertProblem(await make('too long', ['backups.read'], 367), 422, 'INPUT_INVALID')
  assertProblem(await make('over', ['backups.read'], -1), 422, 'INPUT_INVALID')
  const { json } = await make('nightly', ['backups.read', 'jobs.read'], 30)
  assert.match(json.token, /^itk_/)
  assertProblem(await make('nightly', ['backups.read'], 30), 409, 'NAME_TAKEN')
  const listed = await ask(token, 'GET', '/me/keys')
  assert.deepEqual(listed.json.rows, [json.key])
  assert.ok(!listed.text.includes(json.token))
  const { permissions } = (await ask(json.token, 'GET', '/me')).json
  assert.deepEqual(permissions.map((one: { permission: string }) => one.permission).toSorted(), ['backups.read', 'jobs.read'])
  assert.equal((await ask(json.token, 'GET', '/backup/list')).status, 200)
  assertProblem(await ask(json.token, 'GET', '/systems'), 403, 'FORBIDDEN')
  for (const [method, path] of [
    ['POST', '/me/keys'],
    ['POST', '/me/password'],
    ['POST', '/me/totp'],
    ['POST', '/me/signing-policy'],
    ['POST', '/people'],
  ] as const)
    assertProblem(await ask(json.token, method, path, {}), 403, 'SESSION_NEEDED')
  assert.equal((await ask(token, 'DELETE', `/me/keys/${json.key.id}`, {})).status, 204)
  assertProblem(await ask(json.token, 'GET', '/backup/list'), 401, 'NOT_SIGNED_IN')
  assertProblem(await ask(token, 'DELETE', `/me/keys/${json.key.id}`, {}), 404, 'NOT_FOUND')
  const soon = (await make('short', ['backups.read'], 0.01)).json.token
  clock.advance(0.01 * durations.day)
  assertProblem(await ask(soon, 'GET', '/me'), 401, 'NOT_SIGNED_IN')
})

test('tenants are made, renamed and closed by administrators of the installation, and closed only without systems', async () => {
  await reopen()
  const { json: made1, status } = await ask(admin.token, 'POST', '/tenants', { name: 'north', title: 'North' })
  assert.equal(status, 201)
  assertProblem(await ask(admin.token, 'POST', '/tenants', { name: 'north', title: 'Again' }), 409, 'NAME_TAKEN')
  assertProblem(await ask(admin.token, 'POST', '/tenants', { name: 'Not A Name', title: 'x' }), 422, 'INPUT_INVALID')
  assert.equal((await ask(admin.token, 'PATCH', `/tenants/${made1.id}`, { title: 'North ward' })).json.title, 'North ward')
  const viewer = await testPerson(here.service, 'north-viewer', [{ role: 'VIEWER', tenantId: made1.id }])
  const { house } = here.service
  const [repositoryId, systemId, at] = [house.random.uuid(), house.random.uuid(), clock.now()]
  await house.catalog.as(everything, async (tx) => {
    const bare = { tenant_id: made1.id, created_at: at, changed_at: at }
    const repository = { id: repositoryId, name: 'r', place: 'local:/nowhere', repository_id: 'r', password_sealed: Buffer.alloc(1) }
    await tx
      .insertInto('repositories')
      .values({ ...bare, ...repository })
      .execute()
    const system = { id: systemId, name: 'emr', title: 'EMR', repository_id: repositoryId, databases: '[]', roots: '[]', settings: '{}' }
    await tx
      .insertInto('systems')
      .values({ ...bare, ...system })
      .execute()
  })
  const retire = () => ask(admin.token, 'POST', `/tenants/${made1.id}/retire`, { reason: 'moved away' })
  assertProblem(await retire(), 409, 'TENANT_IN_USE')
  await house.catalog.as(everything, (tx) => tx.updateTable('systems').set({ retired_at: at }).where('id', '=', systemId).execute())
  assert.equal((await retire()).json.retiredAt, clock.now().toISOString())
  assertProblem(await retire(), 404, 'NOT_FOUND')
  assertProblem(await ask(viewer.token, 'GET', '/backup/list'), 403, 'FORBIDDEN')
  const names = (await ask(admin.token, 'GET', '/tenants')).json.rows.map((row: { name: string }) => row.name)
  assert.deepEqual(names, ['main', 'other'])
  assertProblem(await ask(admin.token, 'POST', `/people/${admin.id}/grants`, { role: 'VIEWER', tenantId: made1.id }), 404, 'NOT_FOUND')
})

test('an administrator sets when sessions end', async () => {
  const set = (body: unknown) => ask(admin.token, 'PUT', '/settings/sessions', body)
  assert.deepEqual((await ask(admin.token, 'GET', '/settings/sessions')).json, { idleMinutes: 15, longestHours: 12 })
  assertProblem(await set({ idleMinutes: 0, longestHours: 12 }), 422, 'INPUT_INVALID')
  assertProblem(await ask(there.token, 'PUT', '/settings/sessions', { idleMinutes: 5, longestHours: 1 }), 403, 'FORBIDDEN')
  assert.equal((await set({ idleMinutes: 5, longestHours: 1 })).status, 200)
  const { token } = (await signIn('anna')).json
  clock.advance(4 * durations.minute)
  assert.equal((await ask(token, 'GET', '/me')).status, 200)
  clock.advance(5 * durations.minute)
  assertProblem(await ask(token, 'GET', '/me'), 401, 'NOT_SIGNED_IN')
})
