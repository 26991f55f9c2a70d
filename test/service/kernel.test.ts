import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { everything, within } from '#service/catalog/scope.ts'
import { endpoints } from '#contract/contract.ts'
import { assertProblem, testService, testTenant, type TestService } from '#test/support/service.ts'

let here: TestService
before(async () => {
  here = await testService()
})
after(() => here[Symbol.asyncDispose]())

test('the service starts with a catalog of its own, answers, and starts again on the same data', async () => {
  assert.deepEqual((await here.ask('GET', '/healthz')).json.status, 'ok')
  assert.equal((await here.ask('GET', '/readyz')).status, 200)
  await here.restart()
  assert.equal((await here.ask('GET', '/readyz')).status, 200)
})

test('not ready says which part and why: a job that nobody takes has no worker', async () => {
  const { house } = here.service
  const tenant = await testTenant(here.service, 'waiting')
  const at = new Date(house.clock.now().getTime() - 6 * 60_000)
  await house.catalog.as(everything, (tx) =>
    tx
      .insertInto('runs')
      .values({
        id: house.random.uuid(),
        tenant_id: tenant,
        kind: 'backup',
        title: 'waits',
        status: 'pending',
        job_order: '{}',
        created_by: 'x',
        created_at: at,
      })
      .execute(),
  )
  const answer = await here.ask('GET', '/readyz')
  assertProblem(answer, 503, 'NOT_READY')
  assert.equal(answer.json.facts.part, 'worker')
  assert.match(answer.json.detail, /^worker: nobody takes jobs: the oldest has waited for 6m 0s$/)
})

test('OpenAPI names every endpoint of the contract, and its page is served without another host', async () => {
  const { json } = await here.ask('GET', '/api/v1/openapi.json')
  assert.equal(json.openapi, '3.1.0')
  for (const { path, method, name } of endpoints) assert.equal(json.paths[path][method.toLowerCase()].operationId, name)
  const page = await here.ask('GET', '/docs/')
  assert.equal(page.status, 200)
  assert.doesNotMatch(page.text, /(src|href)="https?:/)
})

test('what is not there, what is too large, what is no JSON: a problem with its hint', async () => {
  assertProblem(await here.ask('GET', '/api/v1/nothing'), 404, 'NOT_FOUND')
  assertProblem(await here.ask('GET', '/healthz?verbose=1'), 422, 'INPUT_INVALID')
  assertProblem(await here.ask('GET', '/healthz/..%2f..%2fetc'), 404, 'NOT_FOUND')
})

test('every route of the service is an endpoint of the contract', () => {
  assert.ok(endpoints.length > 0)
  assert.equal(new Set(endpoints.map(({ name }) => name)).size, endpoints.length)
  assert.equal(new Set(endpoints.map(({ method, path }) => `${method} ${path}`)).size, endpoints.length)
})

test('a transaction sees the rows of its tenants only, and writes no others, whatever its query says', async () => {
  const { house } = here.service
  const [ours, theirs] = [await testTenant(here.service, 'ours'), await testTenant(here.service, 'theirs')]
  const repository = (tenantId: string) => ({
    id: house.random.uuid(),
    tenant_id: tenantId,
    name: 'main',
    place: 'local:/nowhere',
    repository_id: house.random.uuid(),
    password_sealed: Buffer.alloc(1),
    created_at: house.clock.now(),
    changed_at: house.clock.now(),
  })
  await house.catalog.as(within(ours), (tx) => tx.insertInto('repositories').values(repository(ours)).execute())
  await house.catalog.as(within(theirs), (tx) => tx.insertInto('repositories').values(repository(theirs)).execute())
  const seenIn = async (scope: Parameters<typeof house.catalog.as>[0]) =>
    (await house.catalog.as(scope, (tx) => tx.selectFrom('repositories').select('tenant_id').execute()))
      .map((row) => row.tenant_id)
      .toSorted()
  assert.deepEqual(await seenIn(within(ours)), [ours])
  assert.deepEqual(await seenIn({ kind: 'tenants', ids: [] }), [])
  assert.deepEqual(await seenIn(everything), [ours, theirs].toSorted())
  await assert.rejects(
    house.catalog.as(within(ours), (tx) =>
      tx
        .insertInto('repositories')
        .values({ ...repository(theirs), name: 'other' })
        .execute(),
    ),
    /row-level security/,
  )
  const changed = await house.catalog.as(within(ours), (tx) =>
    tx.updateTable('repositories').set({ place: 'x' }).where('tenant_id', '=', theirs).executeTakeFirst(),
  )
  assert.equal(changed.numUpdatedRows, 0n)
})

test('a page of another site makes nobody act, whose browser sends the cookie along', async () => {
  const acting = contractActs()
  for (const headers of [{ origin: 'https://elsewhere.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }])
    assertProblem(await here.ask(acting.method, acting.path, { headers }), 403, 'ORIGIN_REFUSED')
})

/** Any endpoint that changes something. */
function contractActs() {
  const found = endpoints.find(({ method }) => method === 'POST')
  assert.ok(found)
  return found
}
