import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { durations } from '#base/units.ts'
import { systemRandom } from '#host/random.ts'
import { run } from '#host/run.ts'
import { isSignatureValid } from '#engine/repository/proof-key.ts'
import { parseProof } from '#engine/repository/proofs.ts'
import { everything } from '#service/catalog/scope.ts'
import { raiseOverdueDrills } from '#service/drills/drill-policies.ts'
import { program } from '#test/support/command-line.ts'
import { flipOneByte, largestPack, openAlerts, packsOf } from '#test/support/doubt.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { answerWhen, endedJob, eventsOf, madeBackup, protectedSystem, type ProtectedSystem } from '#test/support/protected-system.ts'
import { assertProblem, testService, type TestService } from '#test/support/service.ts'

let here: TestService
let cluster: TestCluster
let clinic: ProtectedSystem

before(async () => {
  ;[here, cluster] = await Promise.all([testService({ isWorker: true }), testCluster()])
  clinic = await protectedSystem(here, cluster)
  await cluster.psql('emr', 'create table ward.call (id serial primary key); insert into ward.call default values')
  const { settings } = (await get(`/api/v1/systems/${clinic.system}`)).json
  const readyAssertions = [{ kind: 'count', table: 'patient', atLeast: 4 }, { kind: 'sequences' }]
  const body = { settings: { ...settings, readyAssertions } }
  const edited = await here.ask('PATCH', `/api/v1/systems/${clinic.system}`, { token: clinic.administrator, body })
  assert.equal(edited.status, 200, edited.text)
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
})

const get = (place: string, token = clinic.viewer) => here.ask('GET', place, { token })
const policyPath = () => `/api/v1/systems/${clinic.system}/drill-policy`
const setPolicy = (body: object, token = clinic.administrator) => here.ask('PUT', policyPath(), { token, body })
const noPolicy = { isActive: false }
const everyBackup = { everyNthBackup: 1, cronExpression: null }

/** The newest drill of a backup, once it has ended. */
async function drillOf(backupId: string) {
  const { json } = await answerWhen(
    () => get(`/api/v1/drills?backupId=${backupId}`),
    ({ json: { rows } }) => rows[0]?.endedAt !== null && rows.length > 0,
  )
  return json.rows[0]
}

/** The policy was made two days ago, and a drill is due each day. */
async function becomeOverdue(): Promise<void> {
  const { house } = here.service
  await setPolicy({ cronExpression: null, overdueAfterDays: 1 })
  await raiseOverdueDrills(house)
  assert.deepEqual(await openAlerts(here, 'drill-overdue'), [])
  const made = new Date(house.clock.now().getTime() - 2 * durations.day)
  await house.catalog.as(everything, (tx) => tx.updateTable('drill_policies').set({ created_at: made }).execute())
  await raiseOverdueDrills(house)
  const [alert] = await openAlerts(here, 'drill-overdue')
  assert.match(alert!.fact, /^no recovery drill of emr has passed since its policy was made at .*, more than 1 days ago$/)
}

let first: string

test('a drill by hand is a job: it proves the backup, and its signed report is there to the byte', async () => {
  first = await madeBackup(here, clinic, { type: 'files' })
  const full = await madeBackup(here, clinic, { type: 'full' })
  await becomeOverdue()
  const start = (token: string, backupId = full) => here.ask('POST', '/api/v1/drills', { token, body: { backupId } })
  assertProblem(await start(clinic.viewer), 403, 'FORBIDDEN')
  assertProblem(await start(clinic.stranger), 404, 'NOT_FOUND')
  const { json, status } = await start(clinic.operator)
  assert.equal(status, 202)
  assert.equal((await endedJob(here, clinic.viewer, json.runId)).status, 'completed')
  const drill = (await get(`/api/v1/drills/${json.drillId}`)).json
  assert.deepEqual([drill.outcome, drill.cause, drill.fault, drill.hasReport], ['proven', 'by-hand', null, true])
  assert.ok(drill.restoredInMs > 0 && drill.stages.some(({ stage }: { stage: string }) => stage === 'verify'))
  assert.ok(
    drill.databases.length === 1 &&
      drill.databases.every(({ isVerified, tables, rows }: Record<string, unknown>) => isVerified && tables && rows),
  )
  assert.ok(drill.roots.length === 1 && drill.roots.every(({ isVerified, files }: Record<string, unknown>) => isVerified && files))
  assert.equal((await get(`/api/v1/backup/${full}`)).json.standing, 'proven')
  assertProblem(await get(`/api/v1/drills/${json.drillId}/report`), 403, 'FORBIDDEN')
  const report = await get(`/api/v1/drills/${json.drillId}/report`, clinic.auditor)
  assert.ok(isSignatureValid(parseProof(report.text, 'the report')))
  assert.deepEqual(await openAlerts(here, 'drill-overdue'), [])
  assert.deepEqual(
    drill.assertions.map(({ name, outcome }: Record<string, string>) => [name, outcome]),
    [
      ['public.patient has its rows', 'holds'],
      ['sequence ward.call_id_seq is above ward.call.id', 'holds'],
    ],
  )
  assert.equal((await eventsOf(here, 'drill.proven'))[0]!.subject_id, json.drillId)
  const trend = (await get(`/api/v1/systems/${clinic.system}/drills/trend`)).json
  assert.deepEqual([trend.points.length, trend.objectiveMs], [1, null])
  assert.match(trend.inWords, /^The last drill restored in .*; no objective is set\./)
})

test('times of a policy that are none are refused, and only administrators set one', async () => {
  assertProblem(await setPolicy({ cronExpression: 'every day' }), 422, 'INPUT_INVALID')
  assertProblem(await setPolicy({ timeZone: 'Nowhere/Land' }), 422, 'INPUT_INVALID')
  assertProblem(await setPolicy(everyBackup, clinic.operator), 403, 'FORBIDDEN')
  const { policy } = (await setPolicy({})).json
  assert.deepEqual([policy.isActive, policy.cronExpression, policy.overdueAfterDays], [true, '0 4 * * 0', 35])
  assert.notEqual(policy.nextRunAt, null)
})

test('the command line lets a service drill, and writes the report that anybody can check', async () => {
  const out = path.join(here.directory, 'report.json')
  const words = ['drill', first, '--server', here.service.url, '--out', out, '--json']
  const env = { ...process.env, INTEGRUM_TOKEN: clinic.operator }
  const told = await run(program, words, { env })
  assert.equal(told.exitCode, 0, told.stderr)
  const { outcome, backup } = JSON.parse(told.stdout.trim().split('\n').at(-1)!)
  assert.deepEqual([outcome, backup], ['proven', first])
  assert.match(told.stderr, /^Proven restorable \(\d{4}-\d\d-\d\d\): backup /m)
  const checked = await run(program, ['drill', 'check', out])
  assert.match(checked.stdout, /^The signature holds: drill of backup/)
  assert.equal((await run(program, [...words, '--place', here.directory], { env })).exitCode, 2)
})

test('SAFETY rule 28: one flipped byte turns the next drill red, tells people, and keeps what was made before it', async () => {
  const { house } = here.service
  const before = await packsOf(clinic.place)
  await writeFile(path.join(clinic.files, 'scan.bin'), systemRandom.bytes(400_000))
  const sabotaged = await madeBackup(here, clinic, { type: 'files' })
  await flipOneByte(await largestPack(clinic.place, before))
  assert.equal((await get(`/api/v1/backup/${sabotaged}`)).json.standing, 'unverified')
  await setPolicy(everyBackup)
  const drill = await drillOf(sabotaged)
  await setPolicy(noPolicy)
  assert.deepEqual([drill.outcome, drill.isBackupAtFault, drill.cause, drill.createdBy], ['failed', true, 'every-nth', 'drill policy'])
  const details = (await get(`/api/v1/drills/${drill.id}`)).json
  assert.match(details.findings[0].code, /^DAMAGE_/)
  assert.equal((await get(`/api/v1/backup/${sabotaged}`)).json.standing, 'failed')

  const [alert] = await openAlerts(here, 'drill-failed')
  assert.equal(alert!.subject_id, sabotaged)
  assert.ok(alert!.opened_at.getTime() - new Date(drill.endedAt).getTime() < durations.minute)
  const told = await house.catalog.as(everything, (tx) =>
    tx.selectFrom('notices').select('occasion').where('alert_id', '=', alert!.id).execute(),
  )
  assert.deepEqual(told, [{ occasion: 'opened' }])
  assert.equal((await get(`/api/v1/backup/${first}`)).json.heldByAlert, alert!.id)
  const removal = () => here.ask('DELETE', `/api/v1/backup/${first}`, { token: clinic.administrator, body: { reason: 'not needed' } })
  assertProblem(await removal(), 409, 'BACKUP_KEPT')

  // An older one that is whole does not take the doubt away; a newer one does.
  const older = await here.ask('POST', '/api/v1/drills', { token: clinic.operator, body: { backupId: first } })
  await endedJob(here, clinic.viewer, older.json.runId)
  assert.equal((await openAlerts(here, 'drill-failed')).length, 1)
  await writeFile(path.join(clinic.files, 'scan.bin'), 'taken anew')
  const sound = await madeBackup(here, clinic, { type: 'files' })
  const newer = await here.ask('POST', '/api/v1/drills', { token: clinic.operator, body: { backupId: sound } })
  await endedJob(here, clinic.viewer, newer.json.runId)
  assert.deepEqual(await openAlerts(here, 'drill-failed'), [])
  assert.equal((await get(`/api/v1/backup/${first}`)).json.heldByAlert, null)
  assert.equal((await get(`/api/v1/backup/${sabotaged}`)).json.standing, 'failed')
  assert.equal((await removal()).status, 200)
})
