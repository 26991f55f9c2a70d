import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
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
    `alter table patient add email text; update patient set email = 'p' || id || '@example.org', name = 'Wilhelmina Quastenflosser ' || id;
     alter table patient add constraint short check (length(name) < 40)`,
  )
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
})

const setMasks = async (masks: object | undefined) => {
  const place = `/api/v1/systems/${clinic.system}`
  const { settings } = (await here.ask('GET', place, { token: clinic.administrator })).json
  const changed = await here.ask('PATCH', place, { token: clinic.administrator, body: { settings: { ...settings, masks } } })
  assert.equal(changed.status, 200, changed.text)
}
const column = (name: string, mask: object) => ({ schema: 'public', table: 'patient', column: name, ...mask })
const good = { columns: [column('name', { mask: 'name' }), column('email', { mask: 'email' })] }
const scan = () => here.ask('POST', `/api/v1/systems/${clinic.system}/masks/scan`, { token: clinic.administrator, body: {} })
const create = (body: object) =>
  here.ask('POST', '/api/v1/backup/create', {
    token: clinic.operator,
    body: { systemId: clinic.system, type: 'full', isMasked: true, ...body },
  })

test('INV-929 a scan proposes masks and names what is not masked, in words without values; the trail says that it was done', async () => {
  const { status, json, text } = await scan()
  assert.equal(status, 200, text)
  const [database] = json.databases
  assert.equal(database.set, null)
  const email = database.findings.find((one: { column: string }) => one.column === 'email')
  assert.deepEqual([email.table, email.mask, email.isMasked], ['patient', 'email', false])
  assert.doesNotMatch(text, /Quastenflosser|@example/)
  const [event] = (await eventsOf(here, 'masks.scan')).slice(-1)
  assert.match(JSON.stringify(event), /"notMasked":[1-9]/)
  // What it proposes is what the settings take.
  await setMasks(json.proposed)
  const again = (await scan()).json.databases[0]
  assert.ok(
    again.findings.filter(({ mask }: { mask: string | null }) => mask !== null).every(({ isMasked }: { isMasked: boolean }) => isMasked),
  )
  assert.deepEqual([again.set.rowsTried, again.set.isAllTried], [4, true])
  await setMasks(undefined)
})

test('a masked backup without masks in the settings, or of a selection, is refused', async () => {
  assertProblem(await create({}), 422, 'MASK_SETTINGS')
  await setMasks(good)
  assertProblem(await create({ selection: { entities: [{ kind: 'patient', key: '1' }] } }), 422, 'INPUT_INVALID')
})

test('INV-938 a mask that a CHECK would not take is told by the scan and ends the backup, with nothing stored', async () => {
  await setMasks({ columns: [column('name', { mask: 'fixed', value: 'x'.repeat(50) })] })
  const { set } = (await scan()).json.databases[0]
  assert.equal(set.broken[0].code, 'MASK_REFUSED')
  assert.match(set.broken[0].fact, /public\.patient\.name cannot have the mask fixed: 4 of 4 rows that were tried break the CHECK short/)
  const { backupId, runId } = (await create({})).json
  const { status, fault } = await endedJob(here, clinic.operator, runId)
  assert.deepEqual([status, fault.code], ['failed', 'MASK_REFUSED'])
  assert.equal((await here.ask('GET', `/api/v1/backup/${backupId}`, { token: clinic.viewer })).json.snapshot, null)
})

test('INV-920 INV-925 a masked backup of the service is marked, protects nothing, and is refused in place', async () => {
  await setMasks(good)
  const id = await madeBackup(here, clinic, { type: 'full', isMasked: true })
  const { json, text } = await here.ask('GET', `/api/v1/backup/${id}`, { token: clinic.viewer })
  assert.equal(json.type, 'masked')
  assert.deepEqual(json.manifest.roots, [])
  assert.deepEqual(
    json.manifest.masks.databases[0].columns.map(({ column: name, mask }: Record<string, string>) => `${name} ${mask}`).sort(),
    ['email email', 'name name'],
  )
  assert.deepEqual(json.manifest.masks.rootsLeftOut, ['uploads'])
  assert.doesNotMatch(text, /Quastenflosser/)
  const health = await here.ask('GET', `/api/v1/health/systems/${clinic.system}`, { token: clinic.viewer })
  assert.deepEqual([health.json.state, health.json.lastBackup], ['unprotected', null])
  const asked = await here.ask('POST', '/api/v1/restore/preview', { token: clinic.administrator, body: { backupId: id } })
  assert.equal(asked.status, 202, asked.text)
  const { status, fault } = await endedJob(here, clinic.administrator, asked.json.runId)
  assert.deepEqual([status, fault?.code], ['failed', 'RESTORE_MASKED'])
  assert.match(fault.hint, /one of its own backups/)
})
