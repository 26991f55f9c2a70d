import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { printDatabaseUrl } from '#engine/sources/postgres/target.ts'
import { everything, within } from '#service/catalog/scope.ts'
import { activeSystem, systemSources } from '#service/systems/systems.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { assertProblem, testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'

let here: TestService
let cluster: TestCluster
let tenant: string
let admin: string
let operator: string
let viewer: string
let stranger: string
let chief: string
let repositoryId: string
before(async () => {
  ;[here, cluster] = await Promise.all([testService(), testCluster()])
  tenant = await testTenant(here.service, 'clinic')
  const other = await testTenant(here.service, 'other')
  admin = (await testPerson(here.service, 'ada', [{ role: 'SYSTEM_ADMIN', tenantId: tenant }])).token
  operator = (await testPerson(here.service, 'olga', [{ role: 'BACKUP_OPERATOR', tenantId: tenant }])).token
  viewer = (await testPerson(here.service, 'vera', [{ role: 'VIEWER', tenantId: tenant }])).token
  stranger = (await testPerson(here.service, 'sten', [{ role: 'SYSTEM_ADMIN', tenantId: other }])).token
  chief = (await testPerson(here.service, 'cher', [{ role: 'SYSTEM_ADMIN', tenantId: null }])).token
  const made = await here.ask('POST', '/api/v1/repositories', {
    token: admin,
    body: { name: 'main', place: `local:${path.join(here.directory, 'backups')}`, mode: 'create' },
  })
  repositoryId = made.json.repository.id
  await mkdir(path.join(here.directory, 'files'))
  await writeFile(path.join(here.directory, 'files', 'a'), 'a file')
  await cluster.createDatabase('clinic')
  await cluster.psql(
    'clinic',
    `create schema ward; create table ward.bed (id int primary key); create table visible (id int);
     create role reader login; grant connect on database clinic to reader; grant select on visible to reader`,
  )
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
})

const urlOf = (user: string, database = 'clinic') => printDatabaseUrl({ ...cluster.target(database), user })
const rootOf = (name: string) => path.join(here.directory, name)
function draft(more: Record<string, unknown> = {}) {
  return {
    name: 'app',
    title: 'The application',
    databases: [{ name: 'main', url: urlOf('postgres') }],
    roots: [{ name: 'files', path: rootOf('files') }],
    repositoryId,
    ...more,
  }
}

async function registered(name: string, more: Record<string, unknown> = {}) {
  const answer = await here.ask('POST', '/api/v1/systems', { token: admin, body: draft({ name, ...more }) })
  assert.equal(answer.status, 201, answer.text)
  return answer.json
}

async function lastEvent() {
  return await here.service.house.catalog.as(everything, (tx) =>
    tx.selectFrom('audit_events').selectAll().orderBy('seq', 'desc').limit(1).executeTakeFirstOrThrow(),
  )
}

const linesOf = (answer: { json: { lines: { subject: string; result: string; fact: string; statements: string[] }[] } }) =>
  Object.fromEntries(answer.json.lines.map((line) => [line.subject, line]))

test('a system is registered with its passwords sealed, listed, found, and never shows them', async () => {
  const made = await registered('first', { databases: [{ name: 'main', url: urlOf('postgres'), password: 'a secret of tests' }] })
  assert.deepEqual(made.databases, [{ name: 'main', url: urlOf('postgres'), hasPassword: true }])
  assert.deepEqual(made.repository, { id: repositoryId, name: 'main' })
  assert.equal(made.lastTest, null)
  const { house } = here.service
  const sources = await house.catalog.as(within(tenant), async (tx) => systemSources(house, tx, await activeSystem(tx, made.id)))
  assert.equal(sources.databasePasswords[0]!.password, 'a secret of tests')
  const stored = await house.catalog.as(everything, (tx) =>
    sql<{ text: string }>`select string_agg(text, ' ') as text from (select s::text as text from systems s union all
      select a::text from audit_events a union all select x::text from system_secrets x) everything`.execute(tx),
  )
  assert.match(stored.rows[0]!.text, /The application/)
  assert.doesNotMatch(stored.rows[0]!.text, /a secret of tests/)
  const listed = await here.ask('GET', '/api/v1/systems?search=FIRST', { token: viewer })
  assert.equal(listed.json.total, 1)
  assert.doesNotMatch(listed.text, /a secret of tests/)
})

test('what is wrong in a system is named by its field, and nothing is registered', async () => {
  const ask = (more: Record<string, unknown>) =>
    here.ask('POST', '/api/v1/systems', { token: admin, body: draft({ name: 'wrong', ...more }) })
  const file = { name: 'files', path: rootOf('files') }
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ databases: [], roots: [] }, 'databases'],
    [
      {
        databases: [
          { name: 'main', url: urlOf('postgres') },
          { name: 'main', url: urlOf('reader') },
        ],
      },
      'databases',
    ],
    [{ roots: [{ name: 'files', path: 'relative' }] }, 'roots.0.path'],
    [{ roots: [{ name: 'files', path: '/srv/../etc' }] }, 'roots.0.path'],
    [{ roots: [file, { name: 'inner', path: `${file.path}/inner` }] }, 'roots.0.path'],
    [{ roots: [{ name: 'files', path: here.directory }] }, 'roots.0.path'],
    [{ roots: [{ name: 'files', path: `${rootOf('data')}/catalog` }] }, 'roots.0.path'],
    [{ title: '' }, 'title'],
    [{ title: 'x'.repeat(201) }, 'title'],
    [{ settings: { objectives: { rpoMinutes: 0 } } }, 'settings.objectives.rpoMinutes'],
    [{ settings: { hooks: { beforeBackup: { url: 'http://far.example/' } } } }, 'settings.hooks.beforeBackup.url'],
    [{ requiresSecondApprover: 'yes' }, 'requiresSecondApprover'],
  ]
  for (const [more, field] of cases) {
    const answer = await ask(more)
    assertProblem(answer, 422, 'INPUT_INVALID')
    assert.equal(answer.json.field, field, answer.text)
  }
  const inUrl = await ask({ databases: [{ name: 'main', url: 'postgresql://u:word@h/d' }] })
  assertProblem(inUrl, 422, 'DATABASE_URL_PASSWORD')
  assert.equal(inUrl.json.field, 'databases.0.url')
  assertProblem(await ask({ databases: [{ name: 'main', url: 'mysql://u@h/d' }] }), 422, 'DATABASE_URL')
  assertProblem(await ask({ repositoryId: here.service.house.random.uuid() }), 404, 'NOT_FOUND')
  await registered('taken')
  assertProblem(await ask({ name: 'taken' }), 409, 'NAME_TAKEN')
  assert.equal((await here.ask('GET', '/api/v1/systems?search=wrong', { token: admin })).json.total, 0)
})

test('programs as hooks are set by an administrator of the installation, not of one tenant', async () => {
  const settings = { hooks: { beforeBackup: { command: ['/bin/true'] } } }
  const refused = await here.ask('POST', '/api/v1/systems', { token: admin, body: draft({ name: 'hooked', settings }) })
  assertProblem(refused, 403, 'FORBIDDEN')
  assert.equal((await lastEvent()).outcome, 'refused')
  const body = draft({ name: 'hooked', settings, tenantId: tenant })
  const taken = await here.ask('POST', '/api/v1/systems', { token: chief, body })
  assert.equal(taken.status, 201, taken.text)
  const one = `/api/v1/systems/${taken.json.id}`
  const kept = await here.ask('PATCH', one, { token: admin, body: { title: 'Another', settings: taken.json.settings } })
  assert.equal(kept.status, 200, kept.text)
  const changed = { ...taken.json.settings, hooks: { beforeBackup: { command: ['/bin/sh', '-c', 'id'] } } }
  assertProblem(await here.ask('PATCH', one, { token: admin, body: { settings: changed } }), 403, 'FORBIDDEN')
})

test('a change is in the trail as before and after; a password stays with its place and goes nowhere else', async () => {
  const databases = [{ name: 'main', url: urlOf('postgres'), password: 'word one of tests' }]
  const made = await registered('changed', { databases })
  const one = `/api/v1/systems/${made.id}`
  const edit = (body: object) => here.ask('PATCH', one, { token: admin, body })
  const titled = await edit({ title: 'A new title', requiresSecondApprover: true, reason: 'asked for by the ward' })
  assert.equal(titled.json.title, 'A new title')
  const event = await lastEvent()
  assert.deepEqual(event.before, { title: 'The application', requiresSecondApprover: false })
  assert.deepEqual(event.after, { title: 'A new title', requiresSecondApprover: true })
  assert.equal(event.reason, 'asked for by the ward')

  const same = await edit({ databases: [{ name: 'main', url: urlOf('postgres', 'other') }] })
  assert.equal(same.json.databases[0].hasPassword, true)
  const elsewhere = await edit({ databases: [{ name: 'main', url: 'postgresql://postgres@elsewhere.example/clinic' }] })
  assertProblem(elsewhere, 422, 'INPUT_INVALID')
  assert.equal(elsewhere.json.field, 'databases.0.password')
  const without = await edit({ databases: [{ name: 'main', url: 'postgresql://postgres@elsewhere.example/clinic', password: null }] })
  assert.equal(without.json.databases[0].hasPassword, false)
  assertProblem(await edit({ databases: [], roots: [] }), 422, 'INPUT_INVALID')
  assertProblem(await edit({ name: 'renamed' }), 422, 'INPUT_INVALID')
})

test('a viewer changes nothing, another tenant finds nothing, a retired system is kept for its records', async () => {
  const made = await registered('retired')
  const one = `/api/v1/systems/${made.id}`
  for (const [method, place, body] of [
    ['PATCH', one, { title: 'x' }],
    ['DELETE', one, {}],
    ['POST', `${one}/test`, {}],
  ] as const) {
    assertProblem(await here.ask(method, place, { token: viewer, body }), 403, 'FORBIDDEN')
    assertProblem(await here.ask(method, place, { token: stranger, body }), 404, 'NOT_FOUND')
  }
  assertProblem(await here.ask('GET', one, { token: stranger }), 404, 'NOT_FOUND')
  const borrowed = await here.ask('POST', '/api/v1/systems', { token: stranger, body: draft({ roots: [] }) })
  assertProblem(borrowed, 404, 'NOT_FOUND')
  assert.ok((await here.ask('DELETE', one, { token: admin, body: { reason: 'replaced' } })).json.retiredAt)
  assertProblem(await here.ask('PATCH', one, { token: admin, body: { title: 'x' } }), 409, 'RETIRED')
  assertProblem(await here.ask('POST', `${one}/test`, { token: operator }), 409, 'RETIRED')
  assertProblem(await here.ask('DELETE', `/api/v1/repositories/${repositoryId}`, { token: admin }), 409, 'REPOSITORY_IN_USE')
})

test('a directory of another tenant is nobody else’s root', async () => {
  await registered('owner')
  const made = await here.ask('POST', '/api/v1/repositories', {
    token: stranger,
    body: { name: 'theirs', place: `local:${path.join(here.directory, 'their-backups')}`, mode: 'create' },
  })
  const body = draft({ name: 'thief', databases: [], repositoryId: made.json.repository.id })
  const refused = await here.ask('POST', '/api/v1/systems', { token: stranger, body })
  assertProblem(refused, 422, 'INPUT_INVALID')
  assert.equal(refused.json.field, 'roots.0.path')
  const unseen = await here.ask('POST', '/api/v1/systems/test', {
    token: stranger,
    body: { databases: [], roots: body.roots, repositoryId },
  })
  assertProblem(unseen, 404, 'NOT_FOUND')
})

test('a test says in plain words what would work, and is kept with the system', async () => {
  const made = await registered('tested')
  const answer = await here.ask('POST', `/api/v1/systems/${made.id}/test`, { token: operator })
  assert.equal(answer.json.result, 'ok', answer.text)
  const lines = linesOf(answer)
  assert.deepEqual(Object.keys(lines), [
    'database main: connection',
    'database main: version',
    'database main: coverage',
    'database main: clock',
    'files files',
    'repository main: opened',
    'repository main: space',
    'repository main: clock',
  ])
  assert.match(lines['database main: version']!.fact, /^the server is PostgreSQL 1\d\S* .*, pg_dump 1\d/)
  assert.deepEqual((await here.ask('GET', `/api/v1/systems/${made.id}`, { token: viewer })).json.lastTest, answer.json)
})

test('a draft that may not read everything is given the statements to run, and running them helps', async () => {
  const body = { databases: [{ name: 'main', url: urlOf('reader') }], roots: [{ name: 'files', path: rootOf('nowhere') }], repositoryId }
  const answer = await here.ask('POST', '/api/v1/systems/test', { token: admin, body })
  assert.equal(answer.json.result, 'failed', answer.text)
  const coverage = linesOf(answer)['database main: coverage']!
  assert.match(coverage.fact, /^role reader may not read schema ward, table ward.bed$/)
  assert.deepEqual(coverage.statements, ['GRANT USAGE ON SCHEMA "ward" TO "reader";', 'GRANT SELECT ON TABLE "ward"."bed" TO "reader";'])
  assert.equal(linesOf(answer)['files files']!.result, 'failed')
  await cluster.psql('clinic', coverage.statements.join('\n'))
  const again = await here.ask('POST', '/api/v1/systems/test', { token: admin, body: { ...body, roots: [] } })
  assert.equal(again.json.result, 'ok', again.text)
})

test('a server that is not there, a database that is not there: a line each, not an error', async () => {
  const databases = [
    { name: 'gone', url: 'postgresql://postgres@127.0.0.1:9/clinic' },
    { name: 'missing', url: urlOf('postgres', 'missing') },
  ]
  const answer = await here.ask('POST', '/api/v1/systems/test', { token: admin, body: { databases, repositoryId } })
  assert.equal(answer.status, 200, answer.text)
  const lines = linesOf(answer)
  assert.match(lines['database gone: connection']!.fact, /^cannot connect to postgresql:\/\/postgres@127\.0\.0\.1:9\/clinic: /)
  assert.match(lines['database missing: connection']!.fact, /does not exist/)
})
