import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { MiB } from '#base/units.ts'
import { run } from '#host/run.ts'
import { spaceOf } from '#host/space.ts'
import { watchSpace } from '#service/space/space.ts'
import { openAlerts } from '#test/support/doubt.ts'
import { askedBackup, endedBackup, endedJob, madeBackup, type ProtectedSystem } from '#test/support/protected-system.ts'
import { testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'

let here: TestService
let mount: string
let clinic: ProtectedSystem

/** A storage of 64 MiB that is a file system of its own, and a system with files alone. */
before(async () => {
  here = await testService({ isWorker: true })
  mount = path.join(here.directory, 'small')
  await mkdir(mount)
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', mount])
  assert.equal(mounted.exitCode, 0, mounted.stderr)
  const [tenant, files] = [await testTenant(here.service, 'small-clinic'), path.join(here.directory, 'files')]
  await mkdir(files)
  await writeFile(path.join(files, 'note.txt'), 'hello')
  const person = async (name: string, role: 'SYSTEM_ADMIN' | 'VIEWER') =>
    (await testPerson(here.service, name, [{ role, tenantId: tenant }])).token
  const [administrator, viewer] = [await person('administrator', 'SYSTEM_ADMIN'), await person('viewer', 'VIEWER')]
  const place = path.join(mount, 'backups')
  const post = async (at: string, body: object) => {
    const made = await here.ask('POST', at, { token: administrator, body })
    assert.equal(made.status, 201, made.text)
    return made.json
  }
  const { repository } = await post('/api/v1/repositories', { name: 'main', place: `local:${place}`, mode: 'create' })
  const roots = [{ name: 'images', path: files }]
  const { id: system } = await post('/api/v1/systems', { name: 'pacs', title: 'PACS', repositoryId: repository.id, roots })
  const people = { administrator, operator: administrator, viewer, auditor: viewer, stranger: viewer }
  clinic = { tenant, system, repository: repository.id, place, files, ...people }
})
after(async () => {
  await here.stop()
  const unmounted = await run('umount', [mount])
  assert.equal(unmounted.exitCode, 0, unmounted.stderr)
  await here[Symbol.asyncDispose]()
})

const spaceNow = async () => {
  const { status, json, text } = await here.ask('GET', `/api/v1/space/${clinic.repository}`, { token: clinic.viewer })
  assert.equal(status, 200, text)
  return json
}

test('a storage of 64 MiB fills: the warning comes first, the backup is refused before it starts, nothing is damaged', async () => {
  const { house } = here.service
  await madeBackup(here, clinic, { type: 'files', name: 'the first' })
  let warnedAt: number | undefined
  let refused: Record<string, any> | undefined
  for (let number = 1; number <= 12 && refused === undefined; number += 1) {
    await watchSpace(house)
    if (warnedAt === undefined && (await openAlerts(here, 'space-low', 'space-out')).length > 0) warnedAt = number
    await writeFile(path.join(clinic.files, `image-${number}`), randomBytes(12 * MiB))
    const before = await spaceOf(mount)
    const { backupId, runId } = await askedBackup(here, clinic, { type: 'files' })
    const backup = await endedBackup(here, clinic.viewer, backupId)
    if (backup.status === 'completed') continue
    refused = backup
    assert.ok(warnedAt !== undefined && warnedAt < number, `warned at ${warnedAt}, refused at ${number}`)
    assert.equal((await spaceOf(mount)).freeBytes, before.freeBytes, 'not a byte was written')
    assert.equal((await endedJob(here, clinic.viewer, runId)).attempt, 1)
  }
  assert.equal(refused?.fault.code, 'BACKUP_SPACE')
  assert.match(
    refused.fault.fact,
    /^the backup needs about [\d.]+ MiB, [\d.]+ MiB are free, and [\d.]+ MiB of them stay free in repository main$/,
  )
  assert.deepEqual((await openAlerts(here, 'space-low', 'space-out')).map(({ kind }) => kind).toSorted(), ['space-low', 'space-out'])
  const check = await here.ask('POST', `/api/v1/repositories/${clinic.repository}/check`, {
    token: clinic.administrator,
    body: { depth: 'full' },
  })
  assert.equal((await endedJob(here, clinic.viewer, check.json.runId)).status, 'completed')
  const { json } = await here.ask('GET', `/api/v1/repositories/${clinic.repository}`, { token: clinic.viewer })
  assert.deepEqual([json.state.lastCheck.isIntact, json.state.lastCheck.findingCount], [true, 0])
  await watchSpace(house)
  const space = await spaceNow()
  assert.deepEqual([space.state, space.freeBy, space.days.length], ['low', 'storage', 1])
  assert.ok(space.savedByDedupBytes > space.storedBytes, 'each backup holds all images, the repository each once')
})

test('with room again both alerts are settled and the backup is made; a quota refuses like a disk', async () => {
  const { house } = here.service
  const grown = await run('mount', ['-o', 'remount,size=512m', mount])
  assert.equal(grown.exitCode, 0, grown.stderr)
  await madeBackup(here, clinic, { type: 'files' })
  await watchSpace(house)
  assert.deepEqual(await openAlerts(here, 'space-low', 'space-out'), [])
  const { storedBytes } = await spaceNow()
  const edit = (body: object) => here.ask('PATCH', `/api/v1/repositories/${clinic.repository}`, { token: clinic.administrator, body })
  assert.equal((await edit({ quotaBytes: storedBytes + 4 * MiB })).json.quotaBytes, storedBytes + 4 * MiB)
  assert.equal((await spaceNow()).freeBy, 'quota')
  const { backupId } = await askedBackup(here, clinic, { type: 'files' })
  assert.equal((await endedBackup(here, clinic.viewer, backupId)).fault.code, 'BACKUP_SPACE')
  assert.equal((await edit({ quotaBytes: null })).json.quotaBytes, null)
  await madeBackup(here, clinic, { type: 'files' })
})
