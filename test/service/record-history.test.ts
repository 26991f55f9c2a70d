import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { everything } from '#service/catalog/scope.ts'
import { eventsOf, madeBackup, protectedSystem, type ProtectedSystem } from '#test/support/protected-system.ts'
import { testService, type TestService } from '#test/support/service.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'

let here: TestService
let cluster: TestCluster
let clinic: ProtectedSystem

before(async () => {
  cluster = await testCluster()
  here = await testService({ isWorker: true })
  clinic = await protectedSystem(here, cluster)
})

after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
})

test('INV-933 a record is followed through the backups of a system; the trail says that somebody looked, and not at whom', async () => {
  const change = "alter table patient add column mrn text unique; update patient set mrn = 'MRN-' || id"
  await cluster.psql('emr', change)
  const first = await madeBackup(here, clinic, { type: 'database' })
  await cluster.psql('emr', "update patient set name = 'renamed' where id = 3; update patient set name = 'other' where id = 4")
  const second = await madeBackup(here, clinic, { type: 'database' })
  const files = await madeBackup(here, clinic, { type: 'files' })
  await cluster.psql('emr', 'delete from patient where id = 3')
  const third = await madeBackup(here, clinic, { type: 'database' })

  const path = `/api/v1/systems/${clinic.system}/history`
  const ask = async (token: string, body: object) =>
    await here.ask('POST', path, { token, body: { kind: 'patient', key: 'MRN-3', ...body } })
  const { status, json, text } = await ask(clinic.operator, {})
  assert.equal(status, 200, text)
  assert.deepEqual(
    json.backups.map(({ id, leftOut }: { id: string; leftOut: string }) => [id, leftOut]),
    [
      [first, null],
      [second, null],
      [files, 'no-database'],
      [third, null],
    ],
  )
  const [row] = json.rows
  assert.deepEqual(row.key, { id: '3' })
  assert.deepEqual(
    row.events.map(({ kind, backup, since }: Record<string, string>) => [kind, backup, since]),
    [
      ['appeared', first, null],
      ['changed', second, first],
      ['vanished', third, second],
    ],
  )
  assert.deepEqual(row.events[1].fields, [{ column: 'name', from: 'patient 3', to: 'renamed' }])

  // Nobody's rows are remembered for whoever asks again.
  for (const again of ['first', 'second']) {
    const headers = { 'idempotency-key': 'the same one' }
    const answer = await here.ask('POST', path, { token: clinic.operator, body: { kind: 'patient', key: 'MRN-3' }, headers })
    assert.deepEqual(answer.json, json, again)
  }

  const until = json.backups[0].at
  const early = await ask(clinic.operator, { until })
  assert.equal(early.json.backups.length, 1, early.text)

  assert.equal((await ask(clinic.viewer, {})).status, 403)
  assert.equal((await ask(clinic.stranger, {})).status, 404)
  const unknown = await ask(clinic.operator, { key: 'MRN-77' })
  assert.equal(unknown.status, 422)
  assert.equal(unknown.json.code, 'ENTITY_UNKNOWN')
  assert.equal((await ask(clinic.operator, { kind: 'ship' })).json.code, 'ENTITY_UNKNOWN')
  assert.equal((await ask(clinic.operator, { key: '' })).json.code, 'INPUT_INVALID')

  const events = await eventsOf(here, 'systems.history')
  const digests = events.map(({ facts }) => (facts as { keyDigest: string }).keyDigest)
  assert.equal(new Set(digests.slice(0, 4)).size, 1)
  assert.notEqual(digests[0], digests[4])
  const rows = await here.service.house.catalog.as(everything, (tx) => tx.selectFrom('audit_events').selectAll().execute())
  assert.ok(!JSON.stringify(rows).includes('MRN-'))
})
