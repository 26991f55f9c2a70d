import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { letGoOfSettled } from '#service/backups/alarm-holds.store.ts'
import { alertOfDamage } from '#service/backups/backup-alerts.ts'
import { knownBackup } from '#service/backups/backups.ts'
import { everything, within } from '#service/catalog/scope.ts'
import { openAlerts } from '#test/support/doubt.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { eventsOf, madeBackup, protectedSystem, type ProtectedSystem } from '#test/support/protected-system.ts'
import { assertProblem, testService, type TestService } from '#test/support/service.ts'

let here: TestService
let cluster: TestCluster
let clinic: ProtectedSystem
let first: string
let newest: string

before(async () => {
  ;[here, cluster] = await Promise.all([testService({ isWorker: true }), testCluster()])
  clinic = await protectedSystem(here, cluster)
  await cluster.psql('emr', `insert into patient select i, 'patient ' || i from generate_series(5, 2000) i`)
  first = await madeBackup(here, clinic, { type: 'database' })
  await pretendPast(7)
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
})

/** As if so many backups like the first had been made on the days before it. */
async function pretendPast(days: number): Promise<void> {
  await here.service.house.catalog.as(within(clinic.tenant), (tx) =>
    sql`insert into backups select (jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid(), 'name', b.name || ' ' || day,
      'created_at', b.created_at - day * interval '1 day'))).* from backups b, generate_series(1, ${sql.lit(days)}) day`.execute(tx),
  )
}

const details = async (id: string) => (await here.ask('GET', `/api/v1/backup/${id}`, { token: clinic.viewer })).json
const list = async (query: string) => (await here.ask('GET', `/api/v1/backup/list?${query}`, { token: clinic.viewer })).json
const settle = (id: string, body: object, token = clinic.administrator) => here.ask('POST', `/api/v1/backup/${id}/anomaly`, { token, body })

test('SAFETY rule 28: deleting nine rows of ten raises the alarm at the next backup, which is no good one and keeps those before it', async () => {
  const normal = await madeBackup(here, clinic, { type: 'database' })
  assert.equal((await details(normal)).anomaly, null)
  await cluster.psql('emr', 'delete from patient where id % 10 <> 0')
  const odd = await madeBackup(here, clinic, { type: 'database' })
  const { anomaly, heldByAlert } = await details(odd)
  assert.deepEqual(
    anomaly.findings.map(({ measure, now, usual }: Record<string, unknown>) => [measure, now, usual]),
    [['rows main.public.patient', 200, 2000]],
  )
  assert.match(anomaly.findings[0].fact, /^main\.public\.patient has 200 rows, usually 2,000 \(median of the last 7 backups\): 90 % less$/)
  const [alert] = await openAlerts(here, 'backup-anomalous')
  assert.equal(alert!.subject_id, odd)
  assert.match(alert!.hint, /archived or purged old records/)
  assert.deepEqual([heldByAlert, (await details(first)).heldByAlert, (await details(normal)).heldByAlert], [null, alert!.id, alert!.id])
  assert.equal((await eventsOf(here, 'backup.anomalous'))[0]!.subject_id, odd)
  const removal = await here.ask('DELETE', `/api/v1/backup/${normal}`, { token: clinic.administrator, body: { reason: 'space' } })
  assertProblem(removal, 409, 'BACKUP_KEPT')
  assert.equal((await list('anomaly=open')).total, 1)
})

test('one that follows is found so, too, and tells nobody again; a person settles them with a reason, and the usual begins anew', async () => {
  const again = await madeBackup(here, clinic, { type: 'database' })
  const [alert, ...others] = await openAlerts(here, 'backup-anomalous')
  assert.deepEqual([alert!.times, others], [2, []])
  const reason = 'the old ones went to the archive'
  assertProblem(await settle(again, { verdict: 'accepted', reason }, clinic.operator), 403, 'FORBIDDEN')
  assertProblem(await settle(again, { verdict: 'accepted', reason }, clinic.stranger), 404, 'NOT_FOUND')
  assertProblem(await settle(first, { verdict: 'accepted', reason }), 409, 'ANOMALY_NONE')
  assertProblem(await settle(again, { verdict: 'accepted' }), 422, 'INPUT_INVALID')
  const settled = await settle(again, { verdict: 'accepted', reason })
  assert.equal(settled.status, 200, settled.text)
  assert.deepEqual([settled.json.settled.length, settled.json.backup.anomaly.verdict], [2, 'accepted'])
  assert.deepEqual(await openAlerts(here, 'backup-anomalous'), [])
  assert.equal((await details(first)).heldByAlert, null)
  assert.equal((await list('anomaly=open')).total, 0)
  newest = await madeBackup(here, clinic, { type: 'database' })
  assert.equal((await details(newest)).anomaly, null)
})

test('what an alert about a damaged backup keeps is let go of when somebody settles that by hand', async () => {
  const { house } = here.service
  await house.catalog.as(within(clinic.tenant), async (tx) =>
    alertOfDamage(house, tx, { row: await knownBackup(tx, newest), code: 'DAMAGE_PACK' }),
  )
  const [alert] = await openAlerts(here, 'verification-failed')
  assert.deepEqual([(await details(first)).heldByAlert, (await details(newest)).heldByAlert], [alert!.id, null])
  await house.catalog.as(everything, letGoOfSettled)
  assert.equal((await details(first)).heldByAlert, alert!.id)
  const settled = await here.ask('POST', `/api/v1/alerts/${alert!.id}/settle`, {
    token: clinic.administrator,
    body: { note: 'a new one was made' },
  })
  assert.equal(settled.status, 200, settled.text)
  await house.catalog.as(everything, letGoOfSettled)
  assert.equal((await details(first)).heldByAlert, null)
})
