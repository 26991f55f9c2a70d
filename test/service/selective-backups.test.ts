import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { everything } from '#service/catalog/scope.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { endedJob, eventsOf, madeBackup, protectedSystem, type ProtectedSystem } from '#test/support/protected-system.ts'
import { assertProblem, testService, type TestService } from '#test/support/service.ts'

let here: TestService
let cluster: TestCluster
let clinic: ProtectedSystem
before(async () => {
  ;[here, cluster] = await Promise.all([testService({ isWorker: true }), testCluster()])
  clinic = await protectedSystem(here, cluster)
  await cluster.psql(
    'emr',
    'create table visit (id int primary key, patient_id int not null references patient); insert into visit values (1, 3), (2, 4)',
  )
  const place = `/api/v1/systems/${clinic.system}`
  const { settings } = (await here.ask('GET', place, { token: clinic.administrator })).json
  const entities = { kinds: { patient: { table: 'patient', key: 'name' } }, references: [], virtual: [], polymorphic: [], files: [] }
  const changed = await here.ask('PATCH', place, { token: clinic.administrator, body: { settings: { ...settings, entities } } })
  assert.equal(changed.status, 200, changed.text)
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
})

/** Tables of the catalog in whose rows the text stands. */
async function tablesWith(text: string): Promise<string[]> {
  const { rows } = await here.service.house.catalog.as(everything, (tx) =>
    sql<{ table: string }>`
      select c.relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname = current_schema()
        and strpos(query_to_xml(format('select t::text as t from %s t', c.oid::regclass), true, false, '')::text, ${text}) > 0`.execute(tx),
  )
  return rows.map(({ table }) => table)
}

const order = { type: 'full', selection: { entities: [{ kind: 'patient', key: 'patient 3' }] } }

test('INV-908 INV-909 a backup of a patient is listed as what it is, protects nothing, and its key stands nowhere in the catalog', async () => {
  const id = await madeBackup(here, clinic, order)
  const { json } = await here.ask('GET', `/api/v1/backup/${id}`, { token: clinic.viewer })
  assert.deepEqual([json.type, json.manifest.databases[0].rows, json.manifest.roots], ['entity', 2, []])
  assert.deepEqual(json.manifest.selection, {
    kinds: [{ kind: 'patient', count: 1 }],
    tables: [],
    dataTypes: [],
    own: 2,
    needed: 0,
    leftOut: { databases: [], roots: ['uploads'] },
    notCovered: [],
  })
  const health = await here.ask('GET', `/api/v1/health/systems/${clinic.system}`, { token: clinic.viewer })
  assert.equal(health.json.state, 'unprotected')
  assert.equal(health.json.lastBackup, null)
  const drillable = await here.ask('POST', '/api/v1/drills', { token: clinic.administrator, body: { systemId: clinic.system } })
  assert.notEqual(drillable.status, 202, 'there is no backup of the system to prove')

  const [event] = (await eventsOf(here, 'backups.create')).slice(-1)
  assert.match(JSON.stringify(event), /"runId"/)
  assert.deepEqual(await tablesWith('patient 3'), [])
  assert.ok((await tablesWith(json.name)).includes('backups'))
  const [stored] = await here.service.house.catalog.as(everything, (tx) =>
    tx.selectFrom('backups').select('selection_sealed').where('id', '=', id).execute(),
  )
  assert.equal(stored!.selection_sealed, null)
})

test('INV-909 whose records a backup holds is told to whoever may download it, and the trail has no key', async () => {
  const id = await madeBackup(here, clinic, order)
  const ask = (token: string, of = id) => here.ask('GET', `/api/v1/backup/${of}/selection`, { token })
  const { json } = await ask(clinic.operator)
  assert.deepEqual([json.rows, json.total], [[{ kind: 'patient', key: 'patient 3' }], 1])
  assertProblem(await ask(clinic.viewer), 403, 'FORBIDDEN')
  assertProblem(await ask(clinic.stranger), 404, 'NOT_FOUND')
  const whole = await madeBackup(here, clinic, { type: 'database' })
  assert.equal((await ask(clinic.operator, whole)).json.total, 0)
  const [event] = await eventsOf(here, 'backups.selection')
  assert.match(JSON.stringify(event), /keyDigest/)
  assert.deepEqual(await tablesWith('patient 3'), [])
})

test('INV-908 it is not put in the place of its system', async () => {
  const id = await madeBackup(here, clinic, order)
  const asked = await here.ask('POST', '/api/v1/restore/preview', { token: clinic.administrator, body: { backupId: id } })
  assert.equal(asked.status, 202, asked.text)
  const { status, fault } = await endedJob(here, clinic.administrator, asked.json.runId)
  assert.deepEqual([status, fault?.code], ['failed', 'RESTORE_NOT_WHOLE'])
})

test('a selection that selects nothing, or of files alone, is refused', async () => {
  const ask = (body: object) =>
    here.ask('POST', '/api/v1/backup/create', { token: clinic.operator, body: { systemId: clinic.system, type: 'full', ...body } })
  assertProblem(await ask({ selection: {} }), 422, 'INPUT_INVALID')
  assertProblem(await ask({ ...order, type: 'files' }), 422, 'INPUT_INVALID')
  const unknown = await ask({ selection: { entities: [{ kind: 'patient', key: 'patient 99' }] } })
  assert.equal(unknown.status, 202)
  const { fault } = await endedJob(here, clinic.operator, unknown.json.runId)
  assert.equal(fault.code, 'ENTITY_UNKNOWN')
  assert.doesNotMatch(JSON.stringify(fault), /patient 99/)
})
