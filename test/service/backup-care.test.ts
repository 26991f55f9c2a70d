import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import { systemRandom } from '#host/random.ts'
import { run } from '#host/run.ts'
import { everything, within } from '#service/catalog/scope.ts'
import { reconcile } from '#service/backups/reconcile.ts'
import { enqueueDueRemovals } from '#service/backups/removal.ts'
import { startService } from '#service/main.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import { program } from '#test/support/command-line.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import {
  answerWhen,
  endedJob,
  eventsOf,
  madeBackup,
  protectedSystem,
  repositoryOf,
  type ProtectedSystem,
} from '#test/support/protected-system.ts'
import { assertProblem, testPerson, testService, type TestService } from '#test/support/service.ts'

let here: TestService
let cluster: TestCluster
let clinic: ProtectedSystem
let full: string

before(async () => {
  ;[here, cluster] = await Promise.all([testService({ isWorker: true }), testCluster()])
  clinic = await protectedSystem(here, cluster)
  full = await madeBackup(here, clinic, { type: 'full', name: 'the first' })
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
})

const get = (place: string, token = clinic.viewer) => here.ask('GET', place, { token })

test('a verification is a job that leaves its standing; it is refreshed from the proofs when the catalog forgets it', async () => {
  const { json } = await here.ask('POST', `/api/v1/backup/${full}/verify`, { token: clinic.auditor, body: {} })
  const job = await endedJob(here, clinic.viewer, json.runId)
  assert.equal(job.status, 'completed', JSON.stringify(job.fault))
  assert.equal((await get(`/api/v1/backup/${full}`)).json.standing, 'intact')
  const { house } = here.service
  await house.catalog.as(within(clinic.tenant), (tx) =>
    tx.updateTable('backups').set({ standing: 'unverified', standing_at: null }).execute(),
  )
  await reconcileNow()
  assert.equal((await get(`/api/v1/backup/${full}`)).json.standing, 'intact')
})

async function reconcileNow() {
  const { house } = here.service
  const row = await house.catalog.as(everything, (tx) => knownRepository(tx, clinic.repository))
  await using repository = await repositoryOf(here, clinic)
  return await reconcile(house, { row, repository }, AbortSignal.timeout(30_000))
}

test('what the catalog does not know is entered from the repository; what the repository lost is marked', async () => {
  const { house } = here.service
  const backup = (await get(`/api/v1/backup/${full}`)).json
  await house.catalog.as(within(clinic.tenant), async (tx) => {
    await tx.deleteFrom('downloads').execute()
    await tx.deleteFrom('backups').where('id', '=', full).execute()
  })
  assert.equal((await reconcileNow()).found, 1)
  const found = (await get(`/api/v1/backup/${full}`)).json
  for (const name of ['name', 'type', 'status', 'snapshot', 'checksum', 'standing', 'fileSizeBytes', 'systemId', 'manifest.databases'])
    assert.deepEqual(found[name], backup[name], name)
  assert.deepEqual([found.createdBy, found.fileSizeCompressed], ['found in the repository', null])
  assert.deepEqual(await reconcileNow(), { found: 0, missing: 0, changed: 0, damaged: 0 })
  const backupId = await madeBackup(here, clinic, { type: 'database' })
  const { snapshot } = (await get(`/api/v1/backup/${backupId}`)).json
  await rm(path.join(clinic.place, 'snapshots', snapshot))
  assert.equal((await reconcileNow()).missing, 1)
  assert.notEqual((await get(`/api/v1/backup/${backupId}`)).json.missingAt, null)
  assertProblem(await here.ask('POST', `/api/v1/backup/${backupId}/verify`, { token: clinic.operator, body: {} }), 409, 'BACKUP_NOT_READY')
})

test('on an empty machine the catalog comes back from the repository alone: systems, backups and standings', async () => {
  const { house } = here.service
  const { place, password } = await house.catalog.as(everything, async (tx) =>
    repositorySecrets(house, await knownRepository(tx, clinic.repository)),
  )
  const [passwordFile, data] = [path.join(here.directory, 'password'), path.join(here.directory, 'empty')]
  await writeFile(passwordFile, password, { mode: 0o600 })
  const command = [
    'catalog',
    'rebuild',
    '--repository',
    place,
    '--password-file',
    passwordFile,
    '--data',
    data,
    '--tenant',
    'again',
    '--json',
  ]
  const told = await run(program, command)
  assert.equal(told.exitCode, 0, told.stderr)
  const rebuilt = JSON.parse(told.stdout.trim().split('\n').at(-1)!)
  assert.deepEqual([rebuilt.found, rebuilt.systems], [1, ['emr']])
  assert.match((await run(program, command)).stdout, /"found":0/)
  await using again = await startService(
    { dataDirectory: data, port: 0, address: '127.0.0.1', isWorker: false, jobsAtOnce: 1 },
    { clock: systemClock, random: systemRandom, logLevel: 'silent' },
  )
  const { token } = await testPerson(again, 'auditor', [{ role: 'AUDITOR', tenantId: null }])
  const ask = async (url: string): Promise<{ rows: Record<string, any>[] }> => {
    const answer = await fetch(`${again.url}${url}`, { headers: { authorization: `Bearer ${token}` } })
    return JSON.parse(await answer.text())
  }
  const backup = (await ask('/api/v1/backup/list')).rows[0]!
  const system = (await ask('/api/v1/systems')).rows[0]!
  assert.deepEqual([backup['id'], backup['name'], backup['standing'], backup['systemId']], [full, 'the first', 'intact', system['id']])
  assert.deepEqual([system['databases'][0].url, system['roots']], [cluster.url('emr'), [{ name: 'uploads', path: clinic.files }]])
})

test('SAFETY rule 28: a deleted backup is removed when due, the last good one stays and says why', async () => {
  const { house } = here.service
  const newest = await madeBackup(here, clinic, { type: 'full' })
  for (const id of [full, newest]) {
    const deleted = await here.ask('DELETE', `/api/v1/backup/${id}`, { token: clinic.administrator, body: { reason: 'not needed' } })
    assert.equal(deleted.status, 200, deleted.text)
  }
  await house.catalog.as(within(clinic.tenant), (tx) =>
    tx
      .updateTable('backups')
      .set({ removal_due_at: new Date(Date.now() - durations.hour) })
      .where('deleted_at', 'is not', null)
      .execute(),
  )
  assert.equal(await enqueueDueRemovals(house), 2)
  const removed = await answerWhen(
    () => get(`/api/v1/backup/${full}`),
    ({ json }) => json.removedAt !== null || json.removalFault !== null,
  )
  assert.equal(removed.json.removalFault, null)
  const refused = await answerWhen(
    () => get(`/api/v1/backup/${newest}`),
    ({ json }) => json.removalFault !== null,
  )
  assert.deepEqual([refused.json.removalFault.code, refused.json.removedAt], ['RETENTION_LAST_GOOD', null])
  await using repository = await repositoryOf(here, clinic)
  const tags = (await repository.snapshots()).flatMap((snapshot) => snapshot.tags)
  assert.ok(!tags.includes(`backup=${full}`))
  assert.ok(tags.includes(`backup=${newest}`))
  assert.deepEqual(
    (await eventsOf(here, 'backup.removed')).map(({ subject_id, reason }) => [subject_id, reason]),
    [[full, 'not needed']],
  )
  assert.equal((await eventsOf(here, 'backup.removal-refused', 'refused')).length, 1)
  assertProblem(await here.ask('POST', `/api/v1/backup/${full}/undelete`, { token: clinic.administrator }), 409, 'BACKUP_NOT_READY')
})
