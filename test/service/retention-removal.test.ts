import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import { retentionPolicySchema } from '#contract/retention.ts'
import { backupsAmong } from '#engine/backup/backups.ts'
import { planForget } from '#engine/repository/forget.ts'
import { fingerprintOf, isSignatureValid } from '#engine/repository/proof-key.ts'
import { run } from '#host/run.ts'
import { enqueueDueRemovals } from '#service/backups/removal.ts'
import { everything, within } from '#service/catalog/scope.ts'
import { enqueueHoldRecords, enterRecordedHolds } from '#service/holds/recorded.ts'
import { runDueRetention } from '#service/retention/evaluate.ts'
import { enqueueDuePrunes } from '#service/retention/pruning.ts'
import { program } from '#test/support/command-line.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { answerWhen, eventsOf, madeBackup, protectedSystem, repositoryOf, type ProtectedSystem } from '#test/support/protected-system.ts'
import { assertProblem, testService, type TestService } from '#test/support/service.ts'

let here: TestService
let cluster: TestCluster
let clinic: ProtectedSystem
let oldest: string
let middle: string
let newest: string

before(async () => {
  ;[here, cluster] = await Promise.all([testService({ isWorker: true }), testCluster()])
  clinic = await protectedSystem(here, cluster)
  oldest = await madeBackup(here, clinic, { type: 'files' })
  middle = await madeBackup(here, clinic, { type: 'files' })
  newest = await madeBackup(here, clinic, { type: 'files' })
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
})

const get = (place: string, token = clinic.viewer) => here.ask('GET', place, { token })
const inCatalog = <T>(work: Parameters<typeof here.service.house.catalog.as<T>>[1]) =>
  here.service.house.catalog.as(within(clinic.tenant), work)

/** As an administrator signed it; test/service/retention.test.ts is about that. */
async function setPolicy(last: number): Promise<void> {
  const { house } = here.service
  await inCatalog(async (tx) => {
    await tx.deleteFrom('retention_policies').execute()
    await tx
      .insertInto('retention_policies')
      .values({
        id: house.random.uuid(),
        tenant_id: clinic.tenant,
        system_id: clinic.system,
        policy: JSON.stringify(retentionPolicySchema.parse({ keep: { last } })),
        reason: 'agreed',
        changed_at: house.clock.now(),
        changed_by: 'somebody',
      })
      .execute()
    await tx.updateTable('retention_runs').set({ evaluated_at: null }).execute()
  })
}

/** Its grace period is over; once the job for it has ended. */
async function removed(id: string) {
  const { house } = here.service
  await inCatalog((tx) =>
    tx
      .updateTable('backups')
      .set({ removal_due_at: new Date(Date.now() - durations.hour) })
      .where('id', '=', id)
      .execute(),
  )
  await enqueueDueRemovals(house)
  const { json } = await answerWhen(
    () => get(`/api/v1/backup/${id}`),
    (answer) => answer.json.removedAt !== null || answer.json.removalFault !== null || answer.json.deletedAt === null,
  )
  return json
}

const refusals = async (id: string) =>
  (await eventsOf(here, 'backup.removal-refused', 'refused'))
    .filter(({ subject_id }) => subject_id === id)
    .map(({ facts }) => facts['code'])

test('what the policy removes is deleted, removed when the grace period is over, and certified', async () => {
  await setPolicy(1)
  await runDueRetention(here.service.house)
  const one = await removed(oldest)
  assert.notEqual(one.removedAt, null, JSON.stringify(one.removalFault))
  await using repository = await repositoryOf(here, clinic)
  const tags = (await repository.snapshots()).flatMap((snapshot) => snapshot.tags)
  assert.deepEqual([tags.includes(`backup=${oldest}`), tags.includes(`backup=${middle}`)], [false, true])

  const listed = (await get(`/api/v1/retention/certificates?backupId=${oldest}`)).json
  assert.deepEqual([listed.total, listed.rows[0].systemName], [1, 'emr'])
  const file = await get(`/api/v1/retention/certificates/${listed.rows[0].id}`)
  assert.match(file.headers.get('content-disposition') ?? '', /attachment; filename="deletion-certificate-/)
  const certificate = file.json
  assert.equal(isSignatureValid(certificate), true)
  assert.equal(isSignatureValid({ ...certificate, deleted: { ...certificate.deleted, by: 'somebody else' } }), false)
  const stored = path.join(here.directory, 'certificate.json')
  await writeFile(stored, file.text)
  const words = ['retention', 'check-certificate', stored, '--fingerprint']
  assert.equal((await run(program, [...words, fingerprintOf(certificate.signature.publicKey)])).exitCode, 0)
  assert.match((await run(program, [...words, '0'.repeat(32)])).stderr, /signed by key [0-9a-f]{32}, which is another one/)
  await writeFile(stored, file.text.replace('"retention"', '"nobody"'))
  assert.match((await run(program, words.slice(0, 3))).stderr, /is not as it was signed/)
  assert.equal(certificate.signature.publicKey, here.service.house.trail.signing(1).publicKey)
  const { backup, retention, deleted, repository: place } = certificate
  assert.deepEqual([backup.id, backup.checksum, backup.snapshot], [oldest, one.checksum, one.snapshot])
  assert.deepEqual(place, { id: repository.id, snapshots: [one.snapshot] })
  assert.deepEqual([deleted.by, retention.policy.keep.last, retention.reasons], ['retention', 1, ['no rule of the policy keeps it']])
  assert.equal((await eventsOf(here, 'backup.removed'))[0]!.facts['certificate'], certificate.id)
  assertProblem(await get(`/api/v1/retention/certificates/${certificate.id}`, clinic.stranger), 404, 'NOT_FOUND')
})

test('a repository from which something was removed is pruned, once a day, and the trail says what came of it', async () => {
  const { house } = here.service
  const enqueued = await Promise.all([enqueueDuePrunes(house), enqueueDuePrunes(house)])
  assert.equal(enqueued[0] + enqueued[1], 1)
  await answerWhen(
    () => get('/api/v1/jobs?pageSize=1'),
    ({ json }) => json.rows[0].title === 'giving back space of main' && json.rows[0].endedAt !== null,
  )
  const [event] = await eventsOf(here, 'repository.prune-completed')
  assert.equal(event!.subject_id, clinic.repository)
  // Marked today; deleted only after the grace period (SAFETY rule 26).
  assert.equal(event!.facts['deletedPacks'], 0)
  assert.equal(await enqueueDuePrunes(house), 0)
})

test('SAFETY rule 28: the job that removes asks holds once more, and takes the deletion back', async () => {
  const { house } = here.service
  await setPolicy(1)
  await runDueRetention(house)
  const id = house.random.uuid()
  // Past the door, which would have taken the deletion back itself.
  await inCatalog((tx) =>
    tx
      .insertInto('legal_holds')
      .values({
        id,
        tenant_id: clinic.tenant,
        backup_id: middle,
        reason: 'a claim',
        reference: 'A-12',
        placed_at: house.clock.now(),
        placed_by: 'a',
      })
      .execute(),
  )
  assert.deepEqual([(await removed(middle)).deletedAt, await refusals(middle)], [null, ['RETENTION_HELD']])
  await house.catalog.as(everything, (tx) => tx.deleteFrom('legal_holds').execute())
})

test('what the policy keeps by the time it would be removed stays', async () => {
  await setPolicy(1)
  await runDueRetention(here.service.house)
  assert.notEqual((await get(`/api/v1/backup/${middle}`)).json.deletedAt, null)
  await setPolicy(2)
  assert.deepEqual([(await removed(middle)).deletedAt, await refusals(middle)], [null, ['RETENTION_HELD', 'RETENTION_KEPT']])
})

test('SAFETY rule 28: an anomalous backup is no last good one, neither for the policy nor in the lock of the repository', async () => {
  await setPolicy(1)
  await inCatalog((tx) =>
    tx
      .updateTable('backups')
      .set({ anomaly: JSON.stringify({ reasons: ['half as large'] }) })
      .where('id', '=', newest)
      .execute(),
  )
  await runDueRetention(here.service.house)
  assert.equal((await get(`/api/v1/backup/${middle}`)).json.deletedAt, null)
  const deleted = await here.ask('DELETE', `/api/v1/backup/${middle}`, { token: clinic.administrator, body: { reason: 'not needed' } })
  assert.equal(deleted.status, 200, deleted.text)
  assert.equal((await removed(middle)).removalFault.code, 'RETENTION_LAST_GOOD')
})

test('a hold is written into the repository: it binds whoever deletes without the service, and comes back with the catalog', async () => {
  const { house } = here.service
  const order = { systemId: clinic.system, reason: 'a claim', reference: 'A-12' }
  const placed = await here.ask('POST', '/api/v1/holds', { token: clinic.administrator, body: order })
  assert.equal(placed.status, 201, placed.text)
  assert.equal(await enqueueHoldRecords(house), 1)
  await answerWhen(
    () => get('/api/v1/jobs?pageSize=1'),
    ({ json }) => json.rows[0].title === 'legal holds into main' && json.rows[0].endedAt !== null,
  )
  await using repository = await repositoryOf(here, clinic)
  const [held] = backupsAmong(await repository.snapshots())
  const forget = planForget(repository, { kind: 'chosen', snapshots: [held!.snapshot.id] })
  await assert.rejects(forget, (error) => isFault(error, 'RETENTION_HELD'))

  // As `catalog rebuild` does it, into a catalog that knows nothing of it.
  await inCatalog((tx) => tx.deleteFrom('legal_holds').execute())
  const found = { repositoryId: clinic.repository, tenantId: clinic.tenant, repository }
  assert.equal(await enterRecordedHolds(house, found, AbortSignal.timeout(30_000)), 1)
  const holds = await inCatalog((tx) => tx.selectFrom('legal_holds').selectAll().execute())
  assert.deepEqual(
    holds.map((hold) => [hold.id, hold.system_name, hold.reason, hold.reference, hold.released_at]),
    [[placed.json.hold.id, 'emr', 'a claim', 'A-12', null]],
  )
  assert.equal(await enterRecordedHolds(house, found, AbortSignal.timeout(30_000)), 0)
})
