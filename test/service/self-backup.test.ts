import assert from 'node:assert/strict'
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import { catalogCopiesAmong, readCatalogCopy, recordCatalogCopy } from '#engine/repository/catalog-copies.ts'
import { listBackups } from '#engine/backup/backups.ts'
import { foreignAmong } from '#engine/backup/foreign.ts'
import { systemRandom } from '#host/random.ts'
import { run } from '#host/run.ts'
import { everything } from '#service/catalog/scope.ts'
import { startService, type Service } from '#service/main.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import { enqueueCatalogCopies } from '#service/self-backup/self-backup.ts'
import { program } from '#test/support/command-line.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { endedJob, madeBackup, protectedSystem, repositoryOf, type ProtectedSystem } from '#test/support/protected-system.ts'
import { ask, testPassword, testPerson, testService, type TestService } from '#test/support/service.ts'

let here: TestService
let cluster: TestCluster
let clinic: ProtectedSystem
let backup: string

before(async () => {
  ;[here, cluster] = await Promise.all([testService({ isWorker: true }), testCluster()])
  clinic = await protectedSystem(here, cluster)
  const root = await testPerson(here.service, 'root', [{ role: 'SYSTEM_ADMIN', tenantId: null }])
  const send = async (method: string, place: string, body: object, token = root.token) => {
    const answer = await here.ask(method, place, { token, body })
    assert.ok(answer.status < 300, `${place}: ${answer.text}`)
    return answer.json
  }
  const settings = {
    objectives: { rpoMinutes: 1440 },
    exclude: { uploads: ['*.tmp'] },
    hooks: { beforeBackup: { command: ['/bin/true'] } },
    assertions: [{ name: 'patients', sql: 'select count(*) > 0 from patient' }],
  }
  const databases = [{ name: 'main', url: cluster.url('emr'), password: 'the word of the database' }]
  await send('PATCH', `/api/v1/systems/${clinic.system}`, { settings, databases })
  await send('POST', '/api/v1/backup/schedules', {
    systemId: clinic.system,
    name: 'nightly',
    backupType: 'full',
    cronExpression: '0 2 * * *',
    timeZone: 'Europe/Berlin',
  })
  backup = await madeBackup(here, clinic, { type: 'full', name: 'the first', description: 'before the move' })
  await send('POST', '/api/v1/holds', { backupId: backup, reason: 'a lawsuit', reference: 'case 7' }, clinic.administrator)
  const { house } = here.service
  await house.catalog.as(everything, (tx) =>
    tx
      .updateTable('users')
      .set({ password_hash: '$argon2id$secret', totp_secret_sealed: Buffer.from('sealed') })
      .execute(),
  )
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
})

const pathOf = (name: string) => path.join(here.directory, name)

async function copied(): Promise<void> {
  const { house } = here.service
  await house.catalog.as(everything, (tx) => tx.deleteFrom('catalog_copies').execute())
  await house.catalog.as(everything, (tx) =>
    tx
      .updateTable('runs')
      .set({ created_at: new Date(Date.now() - 2 * durations.day) })
      .where('kind', '=', 'catalog-copy')
      .execute(),
  )
  assert.equal(await enqueueCatalogCopies(house), 1)
  assert.equal(await enqueueCatalogCopies(house), 0, 'once a day')
  const { id } = await house.catalog.as(everything, (tx) =>
    tx.selectFrom('runs').select('id').where('kind', '=', 'catalog-copy').orderBy('created_at', 'desc').executeTakeFirstOrThrow(),
  )
  const job = await endedJob(here, clinic.viewer, id)
  assert.equal(job.status, 'completed', JSON.stringify(job.fault))
}

/** Of an empty machine, with the key of before or without. */
async function rebuilt(name: string, hasKey: boolean): Promise<Record<string, any>> {
  const { house } = here.service
  const data = pathOf(name)
  await mkdir(data, { mode: 0o755 })
  if (hasKey) await copyFile(path.join(house.config.dataDirectory, 'sealing.key'), path.join(data, 'sealing.key'))
  return await rebuildInto(data)
}

async function rebuildInto(data: string): Promise<Record<string, any>> {
  const { house } = here.service
  const { place, password } = await house.catalog.as(everything, async (tx) =>
    repositorySecrets(house, await knownRepository(tx, clinic.repository)),
  )
  await writeFile(pathOf('password'), password, { mode: 0o600 })
  const words = ['catalog', 'rebuild', '--repository', place, '--password-file', pathOf('password'), '--data', data, '--json']
  const told = await run(program, words)
  assert.equal(told.exitCode, 0, told.stderr)
  return JSON.parse(told.stdout.trim().split('\n').at(-1)!)
}

function started(name: string): Promise<Service> {
  const config = { dataDirectory: pathOf(name), port: 0, address: '127.0.0.1', isWorker: false, jobsAtOnce: 1 }
  return startService(config, { clock: systemClock, random: systemRandom, logLevel: 'silent' })
}

test('the catalog is copied into its repository once a day; no list shows it as a backup, and no secret stands in it', async () => {
  await copied()
  await using repository = await repositoryOf(here, clinic)
  const snapshots = await repository.snapshots()
  const [copy] = catalogCopiesAmong(snapshots)
  assert.deepEqual(
    (await listBackups(repository)).map(({ id }) => id),
    [backup],
  )
  assert.deepEqual(foreignAmong(snapshots), [])
  const parts: Uint8Array[] = []
  for (const name of ['catalog.jsonl', 'audit-trail.jsonl'])
    for await (const part of (await readCatalogCopy(repository, copy!, name))!) parts.push(Buffer.from(part))
  const text = Buffer.concat(parts).toString()
  assert.match(text, /"nightly"/)
  assert.match(text, /schedules\.create/)
  const { house } = here.service
  const key = (await readFile(path.join(house.config.dataDirectory, 'sealing.key'), 'utf8')).trim()
  for (const secret of [key, 'argon2id', 'the word of the database', 'emr-stranger']) assert.ok(!text.includes(secret), secret)
})

test('on an empty machine without the key: people, settings, hold and trail are back, and nothing begins by itself', async () => {
  const told = await rebuilt('without-key', false)
  assert.deepEqual([told['found'], told['systems'], told['copy'].isConfirmed], [1, [], false])
  const verified = await run(program, ['audit', 'verify', told['copy'].trail, '--json'])
  assert.equal(verified.exitCode, 0, verified.stderr)
  assert.equal((await stat(told['copy'].trail)).mode & 0o777, 0o600)
  await using service = await started('without-key')
  const words = { name: 'emr-administrator', title: 'Anna Berg', password: testPassword }
  const signedIn = await ask(service.url, 'POST', {
    place: '/api/v1/set-up',
    body: { token: service.setUpLink!.split('#')[1], ...words, tenant: { name: 'emr-clinic', title: 'Clinic' } },
  })
  assert.equal(signedIn.status, 201, signedIn.text)
  const get = async (place: string) => (await ask(service.url, 'GET', { place, token: signedIn.json.token })).json
  const system = (await get('/api/v1/systems')).rows[0]
  assert.deepEqual(
    [
      system.id,
      system.settings.objectives,
      system.settings.exclude,
      system.settings.hooks,
      system.settings.assertions,
      system.databases[0].hasPassword,
    ],
    [clinic.system, { rpoMinutes: 1440 }, { uploads: ['*.tmp'] }, {}, [], false],
  )
  const schedule = (await get('/api/v1/backup/schedules')).rows[0]
  assert.deepEqual([schedule.name, schedule.isActive, schedule.timeZone], ['nightly', false, 'Europe/Berlin'])
  const found = await get(`/api/v1/backup/${backup}`)
  assert.deepEqual(
    [found.description, found.createdBy, found.status, found.missingAt],
    ['before the move', 'emr-operator', 'completed', null],
  )
  assert.ok(found.tables === undefined || found.tables.length > 0)
  assert.deepEqual([(await get('/api/v1/holds')).rows[0].reference], ['case 7'])
  const people = (await get('/api/v1/people?pageSize=100')).rows
  const rolesOf = (name: string) =>
    people.find((one: { name: string }) => one.name === name)?.grants.map(({ role }: { role: string }) => role)
  assert.deepEqual([rolesOf('emr-operator'), rolesOf('root'), rolesOf('emr-stranger')], [['BACKUP_OPERATOR'], [], undefined])
  const refused = await ask(service.url, 'POST', { place: '/api/v1/sign-in', body: { name: 'emr-operator', password: testPassword } })
  assert.equal(refused.status, 401)
})

test('with the key of before everything goes on as it was; a second rebuild takes nothing, and a catalog in use is never changed', async () => {
  const told = await rebuilt('with-key', true)
  assert.equal(told['copy'].isConfirmed, true)
  assert.deepEqual(told['copy'].left, {})
  assert.equal((await rebuildInto(pathOf('with-key')))['copy'], null)
  await using service = await started('with-key')
  const { catalog, sealing } = service.house
  const seen = await catalog.as(everything, async (tx) => ({
    schedule: await tx.selectFrom('backup_schedules').select('is_active').executeTakeFirstOrThrow(),
    system: await tx.selectFrom('systems').select('settings').executeTakeFirstOrThrow(),
    secret: await tx.selectFrom('system_secrets').selectAll().executeTakeFirstOrThrow(),
    grants: await tx.selectFrom('role_grants').select('role').where('tenant_id', 'is', null).execute(),
    hashes: await tx.selectFrom('users').select('id').where('password_hash', 'is not', null).execute(),
  }))
  assert.equal(seen.schedule.is_active, true)
  assert.deepEqual(seen.system.settings.hooks.beforeBackup, { command: ['/bin/true'], timeoutMs: 300_000 })
  assert.equal(sealing.unseal(seen.secret.sealed, `system-database:${clinic.system}:main`), 'the word of the database')
  assert.deepEqual([seen.grants.length, seen.hashes], [1, []])
})

test('a copy that somebody without the key wrote makes no administrator, plants no hook, and reaches no other tenant', async () => {
  const { house } = here.service
  const foreign = '11111111-1111-4111-8111-111111111111'
  const mallory = '22222222-2222-4222-8222-222222222222'
  const at = new Date(Date.now() + durations.minute)
  const rows: [string, object][] = [
    ['tenants', { id: clinic.tenant, name: 'emr-clinic', title: 'x', created_at: at }],
    ['tenants', { id: foreign, name: 'planted', title: 'x', created_at: at }],
    ['users', { id: mallory, name: 'mallory', title: 'M', password_hash: 'planted', created_at: at }],
    ['role_grants', { id: foreign, user_id: mallory, role: 'SYSTEM_ADMIN', tenant_id: null, created_at: at }],
    ['role_grants', { id: mallory, user_id: mallory, role: 'SYSTEM_ADMIN', tenant_id: foreign, created_at: at }],
    ['settings', { name: 'oidc', value: {}, changed_at: at }],
    ['sessions', { id: foreign }],
    ['alerts', { id: foreign, tenant_id: null, kind: 'x', key: 'x', severity: 'info', fact: 'x', hint: 'x', opened_at: at, seen_at: at }],
    ['legal_holds', { id: 'no id', tenant_id: clinic.tenant, reason: 'x', reference: 'x', placed_at: at, placed_by: 'x' }],
  ]
  const tenant = { id: clinic.tenant, name: 'emr-clinic' }
  const header = { kind: 'integrum-catalog', format: 1, at: at.toISOString(), version: '1', tenant }
  const text = [header, ...rows.map(([table, row]) => ({ table, row }))].map((line) => `${JSON.stringify(line)}\n`).join('')
  async function* bytes() {
    yield Buffer.from(text)
  }
  {
    await using repository = await repositoryOf(here, clinic)
    const files = [{ name: 'catalog.jsonl', bytes: bytes() }]
    await recordCatalogCopy(repository, { installation: house.trail.installation, at, seal: 'a'.repeat(64), files })
  }
  assert.equal((await rebuilt('with-key-again', true))['copy'].isConfirmed, true, 'it hides none of ours')
  const told = await rebuilt('planted', false)
  assert.deepEqual([told['copy'].isConfirmed, told['copy'].taken], [false, { tenants: 1, users: 1 }])
  assert.deepEqual(told['copy'].left, { tenants: 1, role_grants: 2, settings: 1, sessions: 1, alerts: 1, legal_holds: 1 })
  await using service = await started('planted')
  const hashes = await service.house.catalog.as(everything, (tx) => tx.selectFrom('users').select(['name', 'password_hash']).execute())
  assert.deepEqual(hashes, [{ name: 'mallory', password_hash: null }])
})
