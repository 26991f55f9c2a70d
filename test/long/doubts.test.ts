import assert from 'node:assert/strict'
import { readdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { durations } from '#base/units.ts'
import { openAlerts, flipOneByte } from '#test/support/doubt.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { answerWhen, madeBackup, protectedSystem, type ProtectedSystem } from '#test/support/protected-system.ts'
import { testService, type TestService } from '#test/support/service.ts'

let here: TestService
let cluster: TestCluster
let clinic: ProtectedSystem

before(async () => {
  ;[here, cluster] = await Promise.all([testService({ isWorker: true }), testCluster()])
  clinic = await protectedSystem(here, cluster, 'clinic')
  await cluster.psql(
    'clinic',
    `insert into patient select i, 'patient ' || i from generate_series(5, 3000) i;
     create table visit (id serial primary key, patient_id int, note text); create table session (id serial primary key, token text);
     insert into visit (patient_id, note) select i % 3000 + 1, repeat('note ', 20) || i from generate_series(1, 20000) i`,
  )
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
})

const details = async (id: string) => (await here.ask('GET', `/api/v1/backup/${id}`, { token: clinic.viewer })).json

/** A day of the application: visits and patients, few at weekends; sessions come and are gone; old visits are purged weekly. */
async function work(day: number): Promise<void> {
  const busy = day % 7 >= 5 ? 0.1 : 1
  await cluster.psql(
    'clinic',
    `insert into visit (patient_id, note) select i, 'day ${day} ' || repeat('note ', 20) || i from generate_series(1, ${200 * busy}) i;
     insert into patient select max(id) + 1, 'new' from patient;
     delete from session; insert into session (token) select 'token ' || i from generate_series(1, ${Math.round(150 * busy) + ((day * 37) % 90)}) i;
     ${day % 7 === 6 ? 'delete from visit where id < (select min(id) + 900 from visit);' : ''} update visit set note = note || '.' where id % 97 = ${day}`,
  )
  await writeFile(path.join(clinic.files, `day-${day}.txt`), `report of day ${day} `.repeat(2_000 * busy))
}

test('SAFETY rule 28: thirty real days raise no alarm, and nine rows of ten deleted raise it at the next backup', async () => {
  for (let day = 0; day < 30; day += 1) {
    await work(day)
    const { anomaly } = await details(await madeBackup(here, clinic, { type: 'full' }))
    assert.equal(anomaly, null, `day ${day}: ${JSON.stringify(anomaly)}`)
  }
  await cluster.psql('clinic', 'delete from visit where id % 10 <> 0')
  const { anomaly } = await details(await madeBackup(here, clinic, { type: 'full' }))
  assert.deepEqual(
    anomaly.findings.map(({ measure }: { measure: string }) => measure),
    ['rows main.public.visit', 'size'],
  )
  assert.equal((await openAlerts(here, 'backup-anomalous')).length, 1)
})

test('SAFETY rule 28: one flipped byte in the rows of a whole backup turns the next drill red, without human help', async () => {
  const data = path.join(clinic.place, 'data')
  const packs = async () => {
    const files = (await readdir(data, { recursive: true, withFileTypes: true })).filter((file) => file.isFile())
    return new Set(files.map((file) => path.join(file.parentPath, file.name)))
  }
  const policy = (body: object) => here.ask('PUT', `/api/v1/systems/${clinic.system}/drill-policy`, { token: clinic.administrator, body })
  const drillOf = async (backupId: string) => {
    const { json } = await answerWhen(
      () => here.ask('GET', `/api/v1/drills?backupId=${backupId}`, { token: clinic.viewer }),
      ({ json: { rows } }) => rows.length > 0 && rows[0].endedAt !== null,
      3 * durations.minute,
    )
    return json.rows[0]
  }
  const sound = await madeBackup(here, clinic, { type: 'database', name: 'sound' })
  await policy({ everyNthBackup: 1, cronExpression: null })
  assert.equal((await drillOf(sound)).outcome, 'proven')
  await policy({ isActive: false })
  const before = await packs()
  await cluster.psql('clinic', `update patient set name = md5(id::text) || md5(name)`)
  const sabotaged = await madeBackup(here, clinic, { type: 'database', name: 'sabotaged' })
  const sizes = await Promise.all([...(await packs()).difference(before)].map(async (file) => ({ file, size: (await stat(file)).size })))
  await flipOneByte(sizes.toSorted((a, b) => b.size - a.size)[0]!.file)
  await policy({ everyNthBackup: 1, cronExpression: null })
  const drill = await drillOf(sabotaged)
  assert.deepEqual([drill.outcome, drill.isBackupAtFault], ['failed', true])
  const [alert] = await openAlerts(here, 'drill-failed')
  assert.ok(alert!.opened_at.getTime() - new Date(drill.endedAt).getTime() < durations.minute)
  assert.equal(alert!.subject_id, sabotaged)
  assert.notEqual((await details(sound)).heldByAlert, null)
  assert.equal((await details(sabotaged)).standing, 'failed')
})
