import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#host/random.ts'
import { createRepository } from '#engine/repository/create.ts'
import { listKeys, openKey } from '#engine/repository/keys.ts'
import { openLocal } from '#engine/storage/local.ts'
import { everything, within } from '#service/catalog/scope.ts'
import { openRepositoryOf, repositorySecrets, usableRepository } from '#service/repositories/repositories.ts'
import { assertProblem, testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'
import { isOver, jobWhen } from '#test/support/test-jobs.ts'

let here: TestService
let tenant: string
let other: string
let admin: string
let viewer: string
let stranger: string
before(async () => {
  here = await testService({ isWorker: true })
  tenant = await testTenant(here.service, 'clinic')
  other = await testTenant(here.service, 'other')
  admin = (await testPerson(here.service, 'ada', [{ role: 'SYSTEM_ADMIN', tenantId: tenant }])).token
  viewer = (await testPerson(here.service, 'vera', [{ role: 'VIEWER', tenantId: tenant }])).token
  stranger = (await testPerson(here.service, 'sten', [{ role: 'SYSTEM_ADMIN', tenantId: other }])).token
})
after(() => here[Symbol.asyncDispose]())

const placeOf = (name: string) => path.join(here.directory, 'backups', name)
const never = new AbortController().signal

async function made(name: string, options: { readonly token?: string; readonly key?: string } = {}) {
  const answer = await here.ask('POST', '/api/v1/repositories', {
    token: options.token ?? admin,
    body: { name, place: `local:${placeOf(name)}`, mode: 'create' },
    ...(options.key !== undefined && { headers: { 'idempotency-key': options.key } }),
  })
  assert.equal(answer.status, 201, answer.text)
  return answer.json
}

async function lastEvent(): Promise<{ action: string; outcome: string; tenant_id: string | null; facts: unknown; after: unknown }> {
  return await here.service.house.catalog.as(everything, (tx) =>
    tx.selectFrom('audit_events').selectAll().orderBy('seq', 'desc').limit(1).executeTakeFirstOrThrow(),
  )
}

test('a repository is made with a password that nobody sees and a recovery key that is shown once', async () => {
  const { repository, recoveryKey } = await made('main', { key: 'once' })
  const storage = openLocal(placeOf('main'))
  assert.equal(repository.place, `local:${placeOf('main')}`)
  assert.equal(repository.state.snapshots, 0)
  assert.ok((await openKey(storage, recoveryKey)).keyFileId)
  const row = await here.service.house.catalog.as(everything, (tx) => usableRepository(tx, repository.id))
  assert.ok((await openKey(storage, repositorySecrets(here.service.house, row).password)).keyFileId)

  const again = await here.ask('POST', '/api/v1/repositories', {
    token: admin,
    body: { name: 'main', place: `local:${placeOf('main')}`, mode: 'create' },
    headers: { 'idempotency-key': 'once' },
  })
  assert.deepEqual(again.json, { repository })
  const stored = await here.service.house.catalog.as(everything, (tx) =>
    sql<{ text: string }>`select string_agg(text, ' ') as text from (select r::text as text from idempotency_keys r union all
      select a::text from audit_events a union all select p::text from repositories p) everything`.execute(tx),
  )
  assert.match(stored.rows[0]!.text, new RegExp(repository.repositoryId))
  assert.doesNotMatch(stored.rows[0]!.text, new RegExp(recoveryKey))
  assert.equal((await lastEvent()).action, 'repositories.create')
})

test('a repository that exists is connected by its password, never twice, and never by a wrong one', async () => {
  const storage = openLocal(placeOf('old'))
  await createRepository(storage, 'the password of old', { clock: systemClock, random: systemRandom })
  const body = { name: 'old', place: `local:${placeOf('old')}`, mode: 'connect', password: 'wrong' }
  assertProblem(await here.ask('POST', '/api/v1/repositories', { token: admin, body }), 409, 'REPOSITORY_PASSWORD')
  const right = { ...body, password: 'the password of old' }
  assert.equal((await here.ask('POST', '/api/v1/repositories', { token: admin, body: right })).status, 201)
  const twice = await here.ask('POST', '/api/v1/repositories', { token: admin, body: { ...right, name: 'old-2' } })
  assertProblem(twice, 409, 'REPOSITORY_REGISTERED')
  assert.doesNotMatch(twice.text, /the password of old/)
})

test('what is wrong in a request is named by its field, and nothing is made', async () => {
  const ask = (body: Record<string, unknown>) => here.ask('POST', '/api/v1/repositories', { token: admin, body })
  const good = { name: 'wrong', place: `local:${placeOf('wrong')}`, mode: 'create' }
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ ...good, name: '../up' }, 'name'],
    [{ ...good, name: 'x'.repeat(64) }, 'name'],
    [{ ...good, name: "a'; drop table repositories" }, 'name'],
    [{ ...good, place: 'local:/srv/../etc' }, 'place'],
    [{ ...good, place: 'relative' }, 'place'],
    [{ ...good, place: `local:${here.directory}/data/catalog` }, 'place'],
    [{ ...good, mode: 'connect' }, 'password'],
    [{ ...good, password: 'short' }, 'password'],
    [{ ...good, mode: 'destroy' }, 'mode'],
    [{ ...good, tenantId: 7 }, 'tenantId'],
  ]
  for (const [body, field] of cases) {
    const answer = await ask(body)
    assertProblem(answer, 422, 'INPUT_INVALID')
    assert.equal(answer.json.field, field, answer.text)
  }
  assertProblem(await ask({ ...good, owner: 'me' }), 422, 'INPUT_INVALID')
  assertProblem(await ask({ ...good, place: 'ftp:/srv/backups' }), 422, 'STORAGE_KIND')
  assertProblem(await ask({ ...good, tenantId: other }), 404, 'NOT_FOUND')
  assertProblem(await ask({ ...good, name: 'main' }), 409, 'NAME_TAKEN')
  await mkdir(path.join(placeOf('full'), 'keys'), { recursive: true })
  await writeFile(path.join(placeOf('full'), 'config'), 'something')
  assertProblem(await ask({ ...good, place: `local:${placeOf('full')}` }), 409, 'REPOSITORY_EXISTS')
  const { json } = await here.ask('GET', '/api/v1/repositories?search=wrong', { token: admin })
  assert.equal(json.total, 0)
})

test('a viewer reads and changes nothing; another tenant finds nothing', async () => {
  const { repository } = await made('seen')
  const one = `/api/v1/repositories/${repository.id}`
  assert.equal((await here.ask('GET', one, { token: viewer })).json.name, 'seen')
  assertProblem(await here.ask('PATCH', one, { token: viewer, body: { name: 'mine' } }), 403, 'FORBIDDEN')
  assert.equal((await lastEvent()).outcome, 'refused')
  for (const [method, place, body] of [
    ['GET', one, undefined],
    ['PATCH', one, { name: 'mine' }],
    ['DELETE', one, {}],
    ['POST', `${one}/password`, {}],
  ] as const)
    assertProblem(await here.ask(method, place, { token: stranger, body }), 404, 'NOT_FOUND')
  assert.equal((await here.ask('GET', '/api/v1/repositories', { token: stranger })).json.total, 0)
  assertProblem(await here.ask('GET', '/api/v1/repositories'), 401, 'NOT_SIGNED_IN')
  assertProblem(await here.ask('GET', '/api/v1/repositories?page=0', { token: viewer }), 422, 'INPUT_INVALID')
})

test('a name is changed; a retired repository is kept and used no longer', async () => {
  const { repository } = await made('first-name')
  const one = `/api/v1/repositories/${repository.id}`
  assert.equal((await here.ask('PATCH', one, { token: admin, body: { name: 'second-name' } })).json.name, 'second-name')
  assertProblem(await here.ask('PATCH', one, { token: admin, body: { name: 'main' } }), 409, 'NAME_TAKEN')
  const retired = await here.ask('DELETE', one, { token: admin, body: { reason: 'a newer one is used' } })
  assert.ok(retired.json.retiredAt)
  assertProblem(await here.ask('DELETE', one, { token: admin }), 409, 'RETIRED')
  assertProblem(await here.ask('PATCH', one, { token: admin, body: { name: 'third-name' } }), 409, 'RETIRED')
  assert.equal((await here.ask('GET', '/api/v1/repositories?search=second', { token: admin })).json.total, 0)
  assert.equal((await here.ask('GET', '/api/v1/repositories?search=second&retired=true', { token: admin })).json.total, 1)
})

test('a changed password opens and the old one does not; the recovery key opens still', async () => {
  const { repository, recoveryKey } = await made('locked')
  const storage = openLocal(placeOf('locked'))
  const secretsNow = async () =>
    repositorySecrets(here.service.house, await here.service.house.catalog.as(within(tenant), (tx) => usableRepository(tx, repository.id)))
  const old = (await secretsNow()).password
  const answer = await here.ask('POST', `/api/v1/repositories/${repository.id}/password`, {
    token: admin,
    body: { reason: 'a person left' },
  })
  assert.equal(answer.status, 200, answer.text)
  assert.equal(answer.json.isOldRemoved, true)
  const { password } = await secretsNow()
  assert.notEqual(password, old)
  assert.ok((await openKey(storage, password)).keyFileId)
  assert.ok((await openKey(storage, recoveryKey)).keyFileId)
  await assert.rejects(openKey(storage, old), { code: 'REPOSITORY_PASSWORD' })
  assert.equal((await listKeys(storage)).length, 2)

  const chosen = { password: 'chosen by a person 1' }
  assert.equal((await here.ask('POST', `/api/v1/repositories/${repository.id}/password`, { token: admin, body: chosen })).status, 200)
  assert.equal((await secretsNow()).password, chosen.password)
  assert.doesNotMatch(JSON.stringify(await lastEvent()), /chosen by a person/)
})

test('an opened repository is lent again and again, and a changed place of storage is found out', async () => {
  const { repository } = await made('lent')
  const { house } = here.service
  const row = await house.catalog.as(within(tenant), (tx) => usableRepository(tx, repository.id))
  await using first = await openRepositoryOf(house, row, never)
  await using second = await openRepositoryOf(house, row, never)
  assert.equal(first.repository, second.repository)
  assert.equal(first.repository.id, repository.repositoryId)
  const gone = { ...row, id: house.random.uuid(), place: `local:${placeOf('nowhere')}` }
  const sealed = house.sealing.seal('some password', `repository:${gone.id}`)
  await assert.rejects(openRepositoryOf(house, { ...gone, password_sealed: sealed }, never), { code: 'REPOSITORY_NOT_FOUND' })
})

test('a check finds a repository whole, then finds what is damaged in it, and the trail says so', async () => {
  const { repository } = await made('checked')
  const one = `/api/v1/repositories/${repository.id}`
  const checked = async (depth: string) => {
    const begun = await here.ask('POST', `${one}/check`, { token: admin, body: { depth } })
    assert.equal(begun.status, 202, begun.text)
    const job = await jobWhen(here.service.house, begun.json.runId, isOver)
    const { state } = (await here.ask('GET', one, { token: viewer })).json
    return { status: job.status, lastCheck: state.lastCheck }
  }
  const whole = await checked('quick')
  assert.equal(whole.status, 'completed')
  assert.deepEqual([whole.lastCheck.isIntact, whole.lastCheck.depth, whole.lastCheck.findings], [true, 'quick', []])
  await writeFile(path.join(placeOf('checked'), 'keys', '0'.repeat(64)), 'no key at all')
  const damaged = await checked('full')
  assert.equal(damaged.status, 'completed_with_gaps')
  assert.equal(damaged.lastCheck.findings[0].code, 'DAMAGE_KEY')
  const event = await lastEvent()
  assert.equal(event.action, 'repository.check-completed')
  assertProblem(await here.ask('POST', `${one}/check`, { token: viewer, body: {} }), 403, 'FORBIDDEN')
  assertProblem(await here.ask('POST', `${one}/check`, { token: stranger, body: {} }), 404, 'NOT_FOUND')
  assertProblem(await here.ask('POST', `${one}/check`, { token: admin, body: { depth: 'deep' } }), 422, 'INPUT_INVALID')
})
