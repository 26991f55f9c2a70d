import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { durations } from '#base/units.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { parseDatabaseUrl } from '#engine/sources/postgres/target.ts'
import { run } from '#host/run.ts'
import { everything } from '#service/catalog/scope.ts'
import { lookAtCoverage } from '#service/health/coverage.ts'
import { watchRecoveryPoints } from '#service/health/health.ts'
import { watchSpace } from '#service/space/space.ts'
import { metrics } from '#service/health/metrics.ts'
import { program } from '#test/support/command-line.ts'
import { openAlerts } from '#test/support/doubt.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { madeBackup, protectedSystem, type ProtectedSystem } from '#test/support/protected-system.ts'
import { assertProblem, testService, type TestService } from '#test/support/service.ts'

let here: TestService
let cluster: TestCluster
let clinic: ProtectedSystem

before(async () => {
  ;[here, cluster] = await Promise.all([testService({ isWorker: true }), testCluster()])
  clinic = await protectedSystem(here, cluster)
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
})

const get = async (place: string, token = clinic.viewer) => {
  const answer = await here.ask('GET', place, { token })
  assert.equal(answer.status, 200, answer.text)
  return answer
}
const health = async () => (await get(`/api/v1/health/systems/${clinic.system}`)).json
test('a system without a backup is unprotected, with one of everything it is protected, and each state says why', async () => {
  const bare = await health()
  assert.equal(bare.state, 'unprotected')
  assert.deepEqual(
    bare.reasons.map(({ fact }: { fact: string }) => fact),
    ['there is no backup that could be brought back'],
  )
  await madeBackup(here, clinic, { type: 'database' })
  const half = await health()
  assert.deepEqual([half.state, half.reasons[0].fact], ['unprotected', 'the files uploads are in no backup'])
  const full = await madeBackup(here, clinic, { type: 'full', name: 'everything' })
  const whole = await health()
  assert.deepEqual([whole.state, whole.reasons], ['protected', []])
  assert.deepEqual(
    whole.sources.map(({ kind, name, backupId }: Record<string, string>) => [kind, name, backupId]),
    [
      ['database', 'main', full],
      ['files', 'uploads', full],
    ],
  )
  assert.ok(whole.rpo.achievedMinutes < 10)
  assert.deepEqual([whole.rpo.limitMinutes, whole.chain.unverified, whole.lastBackup.name], [48 * 60, 2, 'everything'])
  assert.ok(whole.lastRun.durationSeconds > 0 && whole.lastRun.bytesPerSecond > 0)
  assert.deepEqual(whole.captures, [])
})

test('the summary is small and stable, and shows nobody the systems of another tenant', async () => {
  const { json } = await get('/api/v1/health/summary')
  assert.deepEqual(Object.keys(json), ['at', 'state', 'systems'])
  assert.deepEqual(Object.keys(json.systems[0]), ['name', 'title', 'state', 'reasons', 'recoveryPoint', 'lastProvenAt'])
  assert.deepEqual([json.state, json.systems[0].name, json.systems[0].state], ['protected', 'emr', 'protected'])
  assert.deepEqual((await get('/api/v1/health/summary', clinic.stranger)).json.systems, [])
  assertProblem(await here.ask('GET', `/api/v1/health/systems/${clinic.system}`, { token: clinic.stranger }), 404, 'NOT_FOUND')
})

test('the history of a system has each job with its duration, size, speed and failure', async () => {
  const { json } = await get(`/api/v1/health/systems/${clinic.system}/history?kind=backup`)
  assert.equal(json.total, 2)
  assert.ok(
    json.rows.every((row: Record<string, number>) => row['durationSeconds']! > 0 && row['bytesPerSecond']! > 0 && row['fault'] === null),
  )
})

test('an objective that is missed is at risk, raises an alert once, and settles it with the next backup', async () => {
  const edit = (settings: object) =>
    here.ask('PATCH', `/api/v1/systems/${clinic.system}`, { token: clinic.administrator, body: { settings } })
  assert.equal((await edit({ objectives: { rpoMinutes: 60, rtoMinutes: 30 } })).status, 200)
  const { house } = here.service
  const age = (hours: number) =>
    house.catalog.as(everything, async (tx) => {
      const metadata = await tx.selectFrom('backups').select(['id', 'metadata']).where('system_id', '=', clinic.system).execute()
      for (const row of metadata) {
        const summary = { ...(row.metadata['summary'] as object), startedAt: new Date(Date.now() - hours * durations.hour).toISOString() }
        await tx
          .updateTable('backups')
          .set({ metadata: JSON.stringify({ ...row.metadata, summary }) })
          .where('id', '=', row.id)
          .execute()
      }
    })
  await age(2)
  const late = await health()
  assert.equal(late.state, 'at-risk')
  assert.match(late.reasons[0].fact, /^the newest data that could be brought back is 2h 0m old, the objective is 1h 0m$/)
  assert.match(late.reasons[1].fact, /^nothing was ever restored, so nobody knows whether 30m 0s are enough$/)
  await watchRecoveryPoints(house)
  await watchRecoveryPoints(house)
  const [raised, ...others] = await openAlerts(here, 'recovery-point-old')
  assert.match(raised!.fact, /^system emr: the newest data .* 1h 0m at most were promised$/)
  assert.equal(others.length, 0)
  await age(49)
  assert.equal((await health()).state, 'unprotected')
  await madeBackup(here, clinic, { type: 'full' })
  await watchRecoveryPoints(house)
  assert.deepEqual(await openAlerts(here, 'recovery-point-old'), [])
  assert.equal((await edit({})).status, 200)
})

test('a table that no backup has is flagged by the next look, a database of the server that no system has is listed', async () => {
  const { house } = here.service
  await lookAtCoverage(house)
  assert.deepEqual((await health()).coverage.missing, [])
  await cluster.psql('emr', 'create table ward.visit (id int primary key)')
  await cluster.createDatabase('forgotten')
  await lookAtCoverage(house)
  const { coverage, state, reasons } = await health()
  assert.deepEqual(coverage.missing, [
    { kind: 'table', source: 'main', name: 'ward.visit' },
    { kind: 'database', source: 'main', name: 'forgotten' },
  ])
  assert.deepEqual([state, reasons[0].fact], ['at-risk', '1 table came after the newest backup, such as ward.visit'])
  assert.match((await openAlerts(here, 'not-covered'))[0]!.fact, /^system emr: 1 table is in no backup, such as ward\.visit$/)
  await madeBackup(here, clinic, { type: 'database' })
  await lookAtCoverage(house)
  assert.deepEqual(await openAlerts(here, 'not-covered'), [])
  assert.equal((await health()).state, 'protected')
})

test('SAFETY rule 14 while a backup goes on, health shows for how long its snapshot holds VACUUM back', async () => {
  const { house } = here.service
  const id = house.random.uuid()
  const row = {
    id,
    tenant_id: clinic.tenant,
    kind: 'backup',
    title: 'goes on',
    job_order: '{}',
    created_by: 'x',
    created_at: house.clock.now(),
  }
  await house.catalog.as(everything, (tx) =>
    tx
      .insertInto('runs')
      .values({ ...row, system_id: clinic.system, status: 'in_progress' })
      .execute(),
  )
  assert.deepEqual((await health()).captures, [{ database: 'main', snapshotSeconds: null, fact: null }])
  {
    await using session = await connect(parseDatabaseUrl('main', cluster.url('emr'), {}))
    await session.query('begin isolation level repeatable read')
    await session.query('select count(*) from patient')
    const [capture] = (await health()).captures
    assert.ok(capture.snapshotSeconds > 0 && capture.snapshotSeconds < 600)
  }
  await house.catalog.as(everything, (tx) => tx.deleteFrom('runs').where('id', '=', id).execute())
})

test('metrics are in the format of Prometheus, for keys alone, and each is documented', async () => {
  assertProblem(await here.ask('GET', '/metrics'), 401, 'NOT_SIGNED_IN')
  const { text, headers } = await get('/metrics')
  assert.equal(headers.get('content-type'), 'text/plain; version=0.0.4')
  assert.match(text, /^integrum_system_state\{tenant="emr-clinic",system="emr",state="protected"\} 1$/m)
  assert.match(text, /^integrum_system_recovery_point_age_seconds\{tenant="emr-clinic",system="emr"\} \d/m)
  for (const line of text.trimEnd().split('\n'))
    assert.match(line, /^(# (HELP|TYPE) integrum_\w+ .+|integrum_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?\d[\d.e+-]*)$/)
  const guide = await readFile(new URL('../../docs/guide/health.md', import.meta.url), 'utf8')
  for (const name of Object.keys(metrics)) assert.ok(text.includes(`# TYPE ${name} gauge`) && guide.includes(`\`${name}\``), name)
})

test('the command line says the same, and its exit code is the state', async () => {
  const env = { PATH: process.env['PATH'], INTEGRUM_TOKEN: clinic.viewer }
  const told = (command: string) => run(program, [command, '--server', here.service.url, '--json'], { env })
  const well = await told('health')
  assert.equal(well.exitCode, 0, well.stderr)
  assert.match(well.stderr, /^emr: Protected\n {2}recovery point {2}0\.\d min ago, objective not known$/m)
  await cluster.psql('emr', 'create table ward.later (id int primary key)')
  await lookAtCoverage(here.service.house)
  const risky = await told('health')
  assert.deepEqual([risky.exitCode, JSON.parse(risky.stdout).systems[0].state], [3, 'at-risk'])
  assert.match(risky.stderr, /^ {2}- 1 table came after the newest backup, such as ward\.later\n {4}The next backup takes what is new/m)
  await watchSpace(here.service.house)
  const space = await told('space')
  assert.equal(space.exitCode, 0, space.stderr)
  assert.match(space.stderr, /^main: ok\n {2}used {6}[\d.]+ KiB for [\d.]+ KiB of backups$/m)
  assert.match(space.stderr, /^ {2}forecast {2}seen for less than 4 days/m)
})
