import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { defaultSettings } from '#base/settings.ts'
import { everything } from '#service/catalog/scope.ts'
import {
  answerWhen,
  askedBackup,
  endedBackup,
  eventsOf,
  protectedSystem,
  repositoryOf,
  type ProtectedSystem,
} from '#test/support/protected-system.ts'
import { assertProblem, testService, type TestService } from '#test/support/service.ts'

let here: TestService
let cluster: TestCluster
let clinic: ProtectedSystem
/** Made by the first test, looked at by the others. */
let full: string

before(async () => {
  ;[here, cluster] = await Promise.all([testService({ isWorker: true }), testCluster()])
  clinic = await protectedSystem(here, cluster)
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
})

const get = (place: string, token = clinic.viewer) => here.ask('GET', place, { token })

test('a full backup is made by a job, and its row has the right figures, its snapshot the id of the row', async () => {
  const made = await askedBackup(here, clinic, {
    type: 'full',
    name: 'the first',
    description: 'before the move',
    exclusions: { uploads: ['reports/second.txt'] },
  })
  full = made.backupId
  const backup = await endedBackup(here, clinic.viewer, full)
  assert.equal(backup.status, 'completed', JSON.stringify(backup.fault))
  assert.deepEqual(
    [backup.name, backup.description, backup.createdBy, backup.standing],
    ['the first', 'before the move', 'emr-operator', 'unverified'],
  )
  const { databases, roots, statistics } = backup.manifest
  assert.deepEqual([databases[0].tables, databases[0].rows, roots[0].files, roots[0].bytes], [2, 6, 2, 4101])
  assert.equal(backup.fileSizeBytes, databases[0].bytes + roots[0].bytes)
  assert.equal(backup.fileSizeCompressed, statistics.storedBytes)
  assert.ok(backup.fileSizeCompressed > 0)
  assert.match(backup.checksum, /^[0-9a-f]{64}$/)
  assert.equal(backup.filePath, `local:${clinic.place}/snapshots/${backup.snapshot}`)
  assert.equal(backup.gapCount, 0)
  assert.doesNotMatch(JSON.stringify(backup), /hashKey/)
  await using repository = await repositoryOf(here, clinic)
  const [snapshot] = await repository.snapshots()
  assert.deepEqual([snapshot!.id, snapshot!.tags.includes(`backup=${full}`)], [backup.snapshot, true])
  assert.deepEqual(
    (await eventsOf(here, 'backup.completed')).map(({ subject_id }) => subject_id),
    [full],
  )
})

test('its tables are listed page by page, and searched', async () => {
  const { json } = await get(`/api/v1/backup/${full}/tables?pageSize=1&page=2`)
  assert.deepEqual([json.total, json.rows], [2, [{ database: 'main', schema: 'ward', table: 'bed', rows: 2, bytes: 4 }]])
  assert.deepEqual(
    (await get(`/api/v1/backup/${full}/tables?search=PATIENT`)).json.rows.map((row: { rows: number }) => row.rows),
    [4],
  )
  assert.equal((await get(`/api/v1/backup/${full}/tables?database=other`)).json.total, 0)
  assertProblem(await get(`/api/v1/backup/${full}/tables`, clinic.stranger), 404, 'NOT_FOUND')
})

test('its folders are browsed one by one, and one file comes out as it went in', async () => {
  const names = async (place: string) =>
    (await get(`/api/v1/backup/${full}/files?path=${encodeURIComponent(place)}`)).json.rows.map((row: { name: string }) => row.name)
  assert.deepEqual(await names(''), ['database', 'files', 'README.txt', 'manifest.json'])
  assert.deepEqual(await names('files/uploads'), ['reports', 'note.txt'])
  assert.deepEqual(await names('/files/uploads/reports/'), ['first.bin'])
  assertProblem(await get(`/api/v1/backup/${full}/files?path=files/other`), 404, 'FILE_NOT_IN_BACKUP')
  assertProblem(await get(`/api/v1/backup/${full}/files?path=files/../../etc`), 422, 'INPUT_INVALID')
  const url = `/api/v1/backup/${full}/files/download?path=files/uploads/note.txt`
  assertProblem(await get(url), 403, 'FORBIDDEN')
  const file = await get(url, clinic.operator)
  assert.deepEqual([file.status, file.text, file.headers.get('content-length')], [200, 'hello', '5'])
  assert.match(file.headers.get('content-disposition')!, /filename="note.txt"/)
  assertProblem(await get(`/api/v1/backup/${full}/files/download?path=files/uploads/secret`, clinic.operator), 404, 'FILE_NOT_IN_BACKUP')
  const events = await eventsOf(here, 'backups.download-file')
  assert.equal(events.filter(({ facts }) => facts['sizeBytes'] === 5).length, 1)
  assert.doesNotMatch(JSON.stringify(events), /note\.txt|secret/)
})

test('an estimate says of each number where it comes from', async () => {
  const { json } = await here.ask('POST', '/api/v1/backup/estimate', {
    token: clinic.operator,
    body: { systemId: clinic.system, type: 'full' },
  })
  assert.equal(json.databases[0].bytes.from, 'server')
  assert.ok(json.databases[0].bytes.value > 1_000_000)
  assert.deepEqual([json.roots[0].bytes.from, json.logicalBytes.from, json.durationSeconds.from], ['last-backup', 'sum', 'past-backups'])
  const files = (
    await here.ask('POST', '/api/v1/backup/estimate', { token: clinic.operator, body: { systemId: clinic.system, type: 'files' } })
  ).json
  assert.deepEqual(files.storedBytes, { value: null, from: null, typicalError: null, triedOn: 0 })
})

test('a backup that goes on is cancelled: its row and its job say so, and the repository has nothing of it', async () => {
  const { house } = here.service
  const settings = { ...defaultSettings, hooks: { beforeBackup: { command: ['sleep', '60'], timeoutMs: 120_000 } } }
  const setSettings = (document: unknown) =>
    house.catalog.as(everything, (tx) =>
      tx
        .updateTable('systems')
        .set({ settings: JSON.stringify(document) })
        .where('id', '=', clinic.system)
        .execute(),
    )
  await setSettings(settings)
  const { backupId } = await askedBackup(here, clinic, { type: 'files' })
  await answerWhen(
    () => get(`/api/v1/backup/${backupId}`),
    ({ json }) => json.status === 'in_progress',
  )
  assertProblem(
    await here.ask('DELETE', `/api/v1/backup/${backupId}`, { token: clinic.administrator, body: { reason: 'no' } }),
    409,
    'BACKUP_BUSY',
  )
  const cancelled = await here.ask('POST', `/api/v1/backup/${backupId}/cancel`, { token: clinic.operator })
  assert.equal(cancelled.status, 200, cancelled.text)
  const backup = await endedBackup(here, clinic.viewer, backupId)
  assert.deepEqual([backup.status, backup.run.status, backup.snapshot], ['cancelled', 'cancelled', null])
  assert.deepEqual(
    (await eventsOf(here, 'backup.cancelled')).map(({ subject_id, facts }) => [subject_id, facts['by']]),
    [[backupId, 'emr-operator']],
  )
  await using repository = await repositoryOf(here, clinic)
  assert.ok((await repository.snapshots()).every(({ tags }) => !tags.includes(`backup=${backupId}`)))
  await setSettings(defaultSettings)
})

test('a backup that fails says why, and its file root and database are named in the fault', async () => {
  await rm(clinic.files, { recursive: true })
  const { backupId } = await askedBackup(here, clinic, { type: 'files' })
  const backup = await endedBackup(here, clinic.viewer, backupId)
  assert.deepEqual([backup.status, backup.fault.code, backup.run.status], ['failed', 'ROOT_NOT_FOUND', 'failed'])
  assertProblem(await here.ask('POST', `/api/v1/backup/${backupId}/verify`, { token: clinic.operator, body: {} }), 409, 'BACKUP_NOT_READY')
})
