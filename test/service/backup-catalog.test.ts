import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { testClock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import { defaultSettings } from '#base/settings.ts'
import { everything, within } from '#service/catalog/scope.ts'
import { enqueueDueRemovals } from '#service/backups/removal.ts'
import { assertProblem, testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'

// What the catalog alone answers. Backups that are really made stand in backups.test.ts.

const clock = testClock(new Date('2026-03-01T10:00:00Z'))
let here: TestService
let tenant: string
let operator: string
let administrator: string
let stranger: string
let viewer: string
let system: string
let filesOnly: string

before(async () => {
  here = await testService({ clock })
  tenant = await testTenant(here.service, 'ours')
  const theirs = await testTenant(here.service, 'theirs')
  operator = (await testPerson(here.service, 'operator', [{ role: 'BACKUP_OPERATOR', tenantId: tenant }])).token
  administrator = (await testPerson(here.service, 'administrator', [{ role: 'SYSTEM_ADMIN', tenantId: tenant }])).token
  stranger = (await testPerson(here.service, 'stranger', [{ role: 'SYSTEM_ADMIN', tenantId: theirs }])).token
  viewer = (await testPerson(here.service, 'viewer', [{ role: 'VIEWER', tenantId: tenant }])).token
  system = await insertSystem('emr', [{ name: 'emr', url: 'postgresql://u@/emr' }])
  filesOnly = await insertSystem('pacs', [])
})
after(() => here[Symbol.asyncDispose]())

let repository: string | undefined

async function insertSystem(name: string, databases: { name: string; url: string }[]): Promise<string> {
  const { house } = here.service
  const now = house.clock.now()
  const id = house.random.uuid()
  await house.catalog.as(everything, async (tx) => {
    if (repository === undefined) {
      repository = house.random.uuid()
      await tx
        .insertInto('repositories')
        .values({
          id: repository,
          tenant_id: tenant,
          name: 'main',
          place: 'local:/nowhere',
          repository_id: 'f'.repeat(64),
          password_sealed: house.sealing.seal('password', 'repository'),
          created_at: now,
          changed_at: now,
        })
        .execute()
    }
    await tx
      .insertInto('systems')
      .values({
        id,
        tenant_id: tenant,
        name,
        title: name,
        repository_id: repository,
        databases: JSON.stringify(databases),
        roots: JSON.stringify([{ name: 'uploads', path: '/srv/uploads' }]),
        settings: JSON.stringify(defaultSettings),
        created_at: now,
        changed_at: now,
      })
      .execute()
  })
  return id
}

const create = (body: object, token = operator) => here.ask('POST', '/api/v1/backup/create', { token, body })

/** As a worker would have ended it. */
async function complete(id: string, sizes: { logical: number; stored: number }): Promise<void> {
  await here.service.house.catalog.as(within(tenant), (tx) =>
    tx
      .updateTable('backups')
      .set({ status: 'completed', snapshot: 'a'.repeat(64), file_size_bytes: sizes.logical, file_size_compressed: sizes.stored })
      .where('id', '=', id)
      .execute(),
  )
}

test('a backup that is asked for is pending, with a job of its own, its name made of system, type and time', async () => {
  const made = await create({ systemId: system, type: 'full' })
  assert.equal(made.status, 202, made.text)
  const { json } = await here.ask('GET', `/api/v1/backup/${made.json.backupId}`, { token: viewer })
  assert.equal(json.status, 'pending')
  assert.equal(json.name, 'emr-full-2026-03-01T100000Z')
  assert.equal(json.createdBy, 'operator')
  assert.deepEqual([json.run.id, json.run.status], [made.json.runId, 'pending'])
  assert.deepEqual([json.fileSizeBytes, json.checksum, json.manifest], [null, null, null])
  const another = await create({ systemId: system, type: 'full' })
  const second = await here.ask('GET', `/api/v1/backup/${another.json.backupId}`, { token: viewer })
  assert.equal(second.json.name, 'emr-full-2026-03-01T100000Z-2')
})

test('a name is taken once in a tenant: 409 that names the field', async () => {
  assert.equal((await create({ systemId: system, type: 'database', name: 'before the move' })).status, 202)
  const again = await create({ systemId: system, type: 'full', name: 'before the move' })
  assertProblem(again, 409, 'BACKUP_NAME_TAKEN')
  assert.equal(again.json.field, 'name')
})

test('what cannot be backed up is refused with the field that is wrong, and leaves no row', async () => {
  const count = async () => (await here.ask('GET', '/api/v1/backup/list?deleted=with', { token: viewer })).json.total
  const rowsBefore = await count()
  const wrong: [object, number, string, string | undefined][] = [
    [{ systemId: filesOnly, type: 'database' }, 422, 'INPUT_INVALID', 'type'],
    [{ systemId: system, type: 'full', compressionLevel: 20 }, 422, 'INPUT_INVALID', 'compressionLevel'],
    [{ systemId: system, type: 'full', compressionLevel: '1' }, 422, 'INPUT_INVALID', 'compressionLevel'],
    [{ systemId: system, type: 'everything' }, 422, 'INPUT_INVALID', 'type'],
    [{ systemId: system, type: 'full', exclusions: { other: ['*.tmp'] } }, 422, 'INPUT_INVALID', 'exclusions.other'],
    [{ systemId: system, type: 'full', name: 'x'.repeat(121) }, 422, 'INPUT_INVALID', 'name'],
    [{ systemId: system, type: 'full', name: 'a\nb' }, 422, 'INPUT_INVALID', 'name'],
    [{ systemId: system, type: 'full', owner: 'me' }, 422, 'INPUT_INVALID', undefined],
    [{ systemId: "' or 1=1 --", type: 'full' }, 422, 'INPUT_INVALID', 'systemId'],
    [{ systemId: '00000000-0000-4000-8000-000000000000', type: 'full' }, 404, 'NOT_FOUND', undefined],
  ]
  for (const [body, status, code, field] of wrong) {
    const answer = await create(body)
    assertProblem(answer, status, code)
    if (field !== undefined) assert.equal(answer.json.field, field)
  }
  assertProblem(await create({ systemId: system, type: 'full' }, viewer), 403, 'FORBIDDEN')
  assertProblem(await create({ systemId: system, type: 'full' }, stranger), 404, 'NOT_FOUND')
  assertProblem(await here.ask('POST', '/api/v1/backup/create', { body: { systemId: system, type: 'full' } }), 401, 'NOT_SIGNED_IN')
  assert.equal(await count(), rowsBefore)
})

test('the list is filtered, sorted and cut into pages, and its numbers fit', async () => {
  const ids: string[] = []
  for (const [index, type] of (['database', 'files', 'full'] as const).entries()) {
    clock.advance(durations.minute)
    const { json } = await create({ systemId: system, type, name: `sorted_${index} 100%` })
    await complete(json.backupId, { logical: [30, 10, 20][index]!, stored: [1, 2, 3][index]! })
    ids.push(json.backupId)
  }
  const names = async (query: string) =>
    (await here.ask('GET', `/api/v1/backup/list?search=sorted_&${query}`, { token: viewer })).json.rows.map((row: { id: string }) =>
      ids.indexOf(row.id),
    )
  assert.deepEqual(await names(''), [2, 1, 0])
  assert.deepEqual(await names('sort=fileSizeBytes&order=asc'), [1, 2, 0])
  assert.deepEqual(await names('sort=fileSizeCompressed&order=desc'), [2, 1, 0])
  assert.deepEqual(await names('sort=name&order=asc'), [0, 1, 2])
  assert.deepEqual(await names('type=files'), [1])
  assert.deepEqual(await names(`systemId=${system}&status=completed&standing=unverified`), [2, 1, 0])
  assert.deepEqual(await names('status=failed'), [])
  assert.deepEqual(await names('from=2026-03-01T10:02:00Z&to=2026-03-01T10:03:00Z'), [1])
  const page = (await here.ask('GET', '/api/v1/backup/list?search=sorted_&pageSize=2&page=2', { token: viewer })).json
  assert.deepEqual([page.total, page.page, page.pageSize, page.rows.length, page.rows[0].id], [3, 2, 2, 1, ids[0]])
  assert.equal((await here.ask('GET', '/api/v1/backup/list?search=100%25', { token: viewer })).json.total, 3)
  assert.equal((await here.ask('GET', '/api/v1/backup/list?search=sorted%5C', { token: viewer })).json.total, 0)
  for (const query of ['sort=password', 'page=0', 'pageSize=201', 'status=done', 'from=yesterday', 'unknown=1'])
    assertProblem(await here.ask('GET', `/api/v1/backup/list?${query}`, { token: viewer }), 422, 'INPUT_INVALID')
  assert.equal((await here.ask('GET', '/api/v1/backup/list', { token: stranger })).json.total, 0)
})

test('what became of each day is counted on the wall of a time zone, with what was removed and what was missed', async () => {
  const { house } = here.service
  const calendarSystem = await insertSystem('calendar', [])
  const schedule = house.random.uuid()
  const backup = (at: string, status: 'completed' | 'completed_with_gaps' | 'failed', isDeleted = false) => ({
    id: house.random.uuid(),
    tenant_id: tenant,
    system_id: calendarSystem,
    system_name: 'calendar',
    repository_id: repository!,
    name: `calendar ${at} ${status}`,
    type: 'files' as const,
    status,
    created_by: 'somebody',
    created_at: new Date(at),
    ...(isDeleted && { deleted_at: new Date(at), deleted_by: 'retention' }),
  })
  const late = backup('2026-01-06T03:00:00Z', 'completed')
  await house.catalog.as(within(tenant), async (tx) => {
    await tx
      .insertInto('backups')
      .values([
        backup('2026-01-04T22:59:59Z', 'failed'),
        backup('2026-01-04T23:00:00Z', 'completed', true),
        backup('2026-01-05T22:59:59Z', 'completed_with_gaps'),
        late,
      ])
      .execute()
    await tx
      .insertInto('backup_schedules')
      .values({
        id: schedule,
        tenant_id: tenant,
        system_id: calendarSystem,
        name: 'nightly of the calendar',
        backup_type: 'files',
        is_active: false,
        cron_expression: '0 2 * * *',
        time_zone: 'UTC',
        created_by: 'somebody',
        created_at: house.clock.now(),
        changed_at: house.clock.now(),
      })
      .execute()
    const tick = (at: string, backupId: string | null) => ({
      schedule_id: schedule,
      tenant_id: tenant,
      tick: new Date(at),
      planned_at: new Date(at),
      created_at: new Date(at),
      backup_id: backupId,
      missed_at: new Date(at),
      missed_because: 'not-taken' as const,
    })
    // Of the second a backup came, though late.
    await tx
      .insertInto('schedule_ticks')
      .values([tick('2026-01-05T02:00:00Z', null), tick('2026-01-06T02:00:00Z', late.id)])
      .execute()
  })
  const calendar = (query: string, token = viewer) => here.ask('GET', `/api/v1/backup/calendar?${query}`, { token })
  const january = `from=2026-01-05&to=2026-01-06&systemId=${calendarSystem}`
  const none = { completed: 0, completedWithGaps: 0, failed: 0, cancelled: 0, open: 0, missed: 0 }
  assert.deepEqual((await calendar(`${january}&timeZone=Europe/Berlin`)).json.days, [
    { ...none, date: '2026-01-05', completed: 1, completedWithGaps: 1, missed: 1 },
    { ...none, date: '2026-01-06', completed: 1 },
  ])
  assert.deepEqual((await calendar(january)).json.days[0], { ...none, date: '2026-01-05', completedWithGaps: 1, missed: 1 })
  assert.deepEqual((await calendar('from=2026-01-05&to=2026-01-06', stranger)).json.days, [])
  for (const [query, field] of [
    ['from=2026-01-05&to=2026-01-04', 'to'],
    ['from=2020-01-05&to=2026-01-04', 'from'],
    ['from=2026-01-05&to=2026-01-06&timeZone=Europe/Atlantis', 'timeZone'],
  ] as const) {
    const refused = await calendar(query)
    assertProblem(refused, 422, 'INPUT_INVALID')
    assert.equal(refused.json.field, field)
  }
})

test('document A has its own paths for the same', async () => {
  const made = await here.ask('POST', '/api/v1/admin/backups/create-database', {
    token: operator,
    body: { systemId: system, name: 'by its alias' },
  })
  assert.equal(made.status, 202, made.text)
  const { json } = await here.ask('GET', '/api/v1/admin/backups?search=by its alias', { token: viewer })
  assert.deepEqual([json.total, json.rows[0].id, json.rows[0].type], [1, made.json.backupId, 'database'])
  const verify = await here.ask('POST', `/api/v1/admin/backups/${made.json.backupId}/verify`, { token: operator, body: {} })
  assertProblem(verify, 409, 'BACKUP_NOT_READY')
})

test('cancelling takes a waiting backup back, and what has ended cannot be cancelled', async () => {
  const { json } = await create({ systemId: system, type: 'full' })
  const cancelled = await here.ask('POST', `/api/v1/backup/${json.backupId}/cancel`, { token: operator })
  assert.equal(cancelled.status, 200, cancelled.text)
  assert.deepEqual(cancelled.json, { runId: json.runId, status: 'cancelled' })
  const details = await here.ask('GET', `/api/v1/backup/${json.backupId}`, { token: viewer })
  assert.equal(details.json.status, 'cancelled')
  assertProblem(await here.ask('POST', `/api/v1/backup/${json.backupId}/cancel`, { token: operator }), 409, 'JOB_OVER')
})

test('a deleted backup leaves the list, can be taken back, and is queued for removal once when its grace is over', async () => {
  const { json } = await create({ systemId: system, type: 'full', name: 'to be deleted' })
  const path = `/api/v1/backup/${json.backupId}`
  const remove = (token: string, body: unknown = { reason: 'made by mistake' }) => here.ask('DELETE', path, { token, body })
  assertProblem(await remove(administrator), 409, 'BACKUP_BUSY')
  await complete(json.backupId, { logical: 1, stored: 1 })
  assertProblem(await remove(operator), 403, 'FORBIDDEN')
  assertProblem(await remove(stranger), 404, 'NOT_FOUND')
  assertProblem(await remove(administrator, {}), 422, 'INPUT_INVALID')
  const deleted = await remove(administrator)
  assert.equal(deleted.status, 200, deleted.text)
  const graceMs = Date.parse(deleted.json.removalDueAt) - Date.parse(deleted.json.deletedAt)
  assert.equal(graceMs, 7 * durations.day)
  assertProblem(await remove(administrator), 409, 'BACKUP_DELETED')
  assertProblem(await here.ask('POST', `${path}/verify`, { token: operator, body: {} }), 409, 'BACKUP_DELETED')
  const listed = async (query: string) =>
    (await here.ask('GET', `/api/v1/backup/list?search=to be deleted${query}`, { token: viewer })).json.total
  assert.deepEqual([await listed(''), await listed('&deleted=with'), await listed('&deleted=only')], [0, 1, 1])
  assert.equal((await here.ask('POST', `${path}/undelete`, { token: administrator })).json.deletedAt, null)
  assert.deepEqual([await listed(''), await listed('&deleted=only')], [1, 0])

  await remove(administrator)
  const removals = () =>
    here.service.house.catalog.as(everything, (tx) =>
      tx.selectFrom('runs').select('id').where('kind', '=', 'remove').where('subject_id', '=', json.backupId).execute(),
    )
  clock.advance(7 * durations.day - durations.minute)
  assert.equal((await removals()).length, 0)
  clock.advance(durations.minute)
  await until(async () => (await removals()).length === 1)
  const { house } = here.service
  assert.deepEqual(await Promise.all([enqueueDueRemovals(house), enqueueDueRemovals(house)]), [0, 0])
  assert.equal((await removals()).length, 1)
  // Sessions have ended in the seven days.
  const later = await testPerson(here.service, 'later', [{ role: 'SYSTEM_ADMIN', tenantId: tenant }])
  assertProblem(await here.ask('POST', `${path}/undelete`, { token: later.token }), 409, 'BACKUP_BUSY')
})

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let left = 200; !(await isTrue()); left -= 1) {
    assert.ok(left > 0, 'it has not become true')
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
