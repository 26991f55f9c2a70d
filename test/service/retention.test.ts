import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { testClock, type Clock } from '#base/clock.ts'
import { defaultSettings } from '#base/settings.ts'
import { durations } from '#base/units.ts'
import { defaultRetention } from '#contract/retention.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import { enqueueDueRemovals } from '#service/backups/removal.ts'
import { runDueRetention } from '#service/retention/evaluate.ts'
import { watchClock } from '#service/retention/clock.ts'
import { enrol, type Authenticator } from '#test/support/authenticator.ts'
import { eventsOf } from '#test/support/protected-system.ts'
import { openAlerts } from '#test/support/doubt.ts'
import { assertProblem, setUpHere, testPassword, testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'

const driven = testClock(new Date('2026-03-31T12:00:00Z'))
let jumpedMs = 0
/** One whose hands somebody can move without any time passing. */
const clock: Clock = { ...driven, now: () => new Date(driven.now().getTime() + jumpedMs) }

let here: TestService
let token: string
let tenant: string
let repository: string
let authenticator: Authenticator
let systems = 0

before(async () => {
  here = await testService({ clock })
  ;({ token, tenantId: tenant } = await setUpHere(here))
  authenticator = await enrol(here, token)
  repository = here.service.house.random.uuid()
  await inCatalog((tx) =>
    tx
      .insertInto('repositories')
      .values({
        id: repository,
        tenant_id: tenant,
        name: 'main',
        place: 'local:/nowhere',
        repository_id: 'f'.repeat(64),
        password_sealed: Buffer.alloc(1),
        created_at: clock.now(),
        changed_at: clock.now(),
      })
      .execute(),
  )
})
after(() => here[Symbol.asyncDispose]())

const inCatalog = <T>(work: (tx: Tx) => Promise<T>) => here.service.house.catalog.as(everything, work)
const ask = (method: string, path: string, body?: unknown, by = token) => here.ask(method, path, { token: by, body })
/** Each code is good once. */
const signature = () => {
  driven.advance(30 * durations.second)
  return { password: testPassword, totp: authenticator.next(), meaning: 'I approve this' }
}

async function newSystem(): Promise<{ readonly id: string; readonly name: string }> {
  const [id, name] = [here.service.house.random.uuid(), `emr-${(systems += 1)}`]
  await inCatalog((tx) =>
    tx
      .insertInto('systems')
      .values({
        id,
        tenant_id: tenant,
        name,
        title: 'EMR',
        repository_id: repository,
        databases: JSON.stringify([{ name: 'emr', url: 'postgresql://u@/emr' }]),
        roots: '[]',
        settings: JSON.stringify(defaultSettings),
        created_at: clock.now(),
        changed_at: clock.now(),
      })
      .execute(),
  )
  return { id, name }
}

/** A good backup so many days old. */
async function backupOf(system: { readonly id: string; readonly name: string }, daysOld: number): Promise<string> {
  const id = here.service.house.random.uuid()
  const at = new Date(clock.now().getTime() - daysOld * durations.day)
  await inCatalog((tx) =>
    tx
      .insertInto('backups')
      .values({
        id,
        tenant_id: tenant,
        system_id: system.id,
        system_name: system.name,
        repository_id: repository,
        name: id,
        type: 'database',
        status: 'completed',
        snapshot: id,
        created_by: 'somebody',
        created_at: at,
        completed_at: at,
      })
      .execute(),
  )
  return id
}

async function backupsOf(system: { readonly id: string; readonly name: string }, days: readonly number[]): Promise<string[]> {
  const ids: string[] = []
  for (const day of days) ids.push(await backupOf(system, day))
  return ids
}

const deletedOf = async (system: string) =>
  (
    await inCatalog((tx) =>
      tx.selectFrom('backups').select('id').where('system_id', '=', system).where('deleted_at', 'is not', null).execute(),
    )
  ).map(({ id }) => id)
const keepLast = (last: number) => ({ keep: { last } })
const setPolicy = (body: object) => ask('PUT', '/api/v1/retention/policy', { reason: 'agreed', ...body })
const preview = async (systemId: string, policy?: object) =>
  (await ask('POST', '/api/v1/retention/preview', { systemId, ...(policy && { policy }) })).json

test('a policy holds for its system, else that of the organization, else the default; one that keeps nothing is refused', async () => {
  const system = await newSystem()
  const inForce = async () => (await ask('GET', `/api/v1/retention/policies?systemId=${system.id}`)).json.rows[0]
  assert.deepEqual([(await inForce()).source, (await inForce()).policy], ['default', defaultRetention])
  const longer = { keep: { daily: 14, weekly: 5, monthly: 12 }, timeZone: 'Europe/Berlin' }
  assert.equal((await setPolicy({ policy: longer })).json.source, 'organization')
  assert.deepEqual([(await inForce()).source, (await inForce()).policy.keep.daily], ['organization', 14])
  const own = await setPolicy({ systemId: system.id, policy: { keep: { daily: 30, weekly: 5, monthly: 12, yearly: 3 } } })
  assert.deepEqual([own.json.source, own.json.changedBy], ['system', 'anna'])
  for (const [policy, field] of [
    [{ keep: {} }, 'policy.keep'],
    [{ keep: { daily: 0, last: 0 } }, 'policy.keep'],
    [{ keep: { daily: -1 } }, 'policy.keep.daily'],
    [{ keep: { daily: 99 }, timeZone: 'Europe/Atlantis' }, 'policy.timeZone'],
    [{ keep: { daily: 99 }, recordClass: 'record-retention' }, 'policy.minimumDays'],
    [{ keep: { daily: 99 }, minimumDays: 3 }, 'policy.minimumDays'],
  ] as const) {
    const refused = await setPolicy({ systemId: system.id, policy })
    assertProblem(refused, 422, 'INPUT_INVALID')
    assert.equal(refused.json.field, field)
  }
})

test('a policy that keeps less than before takes a signature, in each of its rules and in its minimum', async () => {
  const system = await newSystem()
  const shorter = { systemId: system.id, policy: { keep: { daily: 14, weekly: 4, monthly: 12 } } }
  const unsigned = await setPolicy(shorter)
  assertProblem(unsigned, 409, 'SIGNATURE_NEEDED')
  assert.match(unsigned.json.detail, /weekly 5 → 4/)
  assert.equal((await setPolicy({ ...shorter, signature: signature() })).status, 200)
  const records = { recordClass: 'record-retention', minimumDays: 30 }
  const minimum = (minimumDays: number) => ({ systemId: system.id, policy: { ...shorter.policy, ...records, minimumDays } })
  assert.equal((await setPolicy(minimum(30))).status, 200)
  assertProblem(await setPolicy(minimum(29)), 409, 'SIGNATURE_NEEDED')
  // Without its own, the organization's holds: operational, and no minimum.
  assertProblem(await setPolicy({ systemId: system.id, policy: null }), 409, 'SIGNATURE_NEEDED')
  assertProblem(await setPolicy({ ...minimum(29), signature: { ...signature(), password: 'wrong' } }), 403, 'REAUTHENTICATION')
  const signed = await setPolicy({ systemId: system.id, policy: null, signature: signature() })
  assert.equal(signed.json.source, 'organization')
  const { rows } = (await ask('GET', `/api/v1/signatures?subjectId=${system.id}`)).json
  assert.deepEqual(
    rows.map(({ subjectKind, meaning }: Record<string, string>) => [subjectKind, meaning]),
    [
      ['retention-policy', 'I approve this'],
      ['retention-policy', 'I approve this'],
    ],
  )
})

test('a preview has a reason for each backup, and what it says is what is done, once, however many look', async () => {
  const system = await newSystem()
  const [newest, held, old] = await backupsOf(system, [1, 2, 3])
  await ask('POST', '/api/v1/holds', { backupId: held, reason: 'a claim', reference: 'A-12' })
  await setPolicy({ systemId: system.id, policy: keepLast(1), signature: signature() })
  const { decisions, ...plan } = await preview(system.id)
  assert.deepEqual(
    decisions.map(({ backupId, act, reasons }: Record<string, unknown>) => [backupId, act, reasons]),
    [
      [newest, 'keep', ['last 1 of 1', `last good backup of ${system.name} database`]],
      [held, 'keep', ['legal hold A-12']],
      [old, 'remove', ['no rule of the policy keeps it']],
    ],
  )
  assert.deepEqual([plan.keeps, plan.removes, plan.isMassDeletion], [2, 1, false])
  const shown = async (wish: object) => (await ask('POST', '/api/v1/retention/preview', { systemId: system.id, shown: wish })).json
  const second = await shown({ page: 2, pageSize: 1 })
  assert.deepEqual([second.decisions.map(({ backupId }: Record<string, unknown>) => backupId), second.matching], [[held], 3])
  assert.deepEqual([second.keeps, second.removes, second.digest], [2, 1, plan.digest])
  for (const wish of [{ act: 'remove' }, { backupId: old }]) {
    const { decisions: those, matching, removes } = await shown(wish)
    assert.deepEqual([those.map(({ backupId }: Record<string, unknown>) => backupId), matching, removes], [[old], 1, 1])
  }
  const drafted = await preview(system.id, keepLast(2))
  assert.deepEqual([drafted.removes, drafted.shortens], [1, []])
  const { house } = here.service
  const schedule = house.random.uuid()
  await inCatalog(async (tx) => {
    const made = { tenant_id: tenant, system_id: system.id, created_by: 'somebody', created_at: clock.now(), changed_at: clock.now() }
    const plan = { name: 'nightly', backup_type: 'database' as const, is_active: false, cron_expression: '0 2 * * *', time_zone: 'UTC' }
    await tx
      .insertInto('backup_schedules')
      .values({ id: schedule, ...made, ...plan })
      .execute()
    await tx.updateTable('backups').set({ schedule_id: schedule }).where('id', '=', old!).execute()
  })
  const withDays = async (retentionDays: number | null) =>
    (await ask('POST', '/api/v1/retention/preview', { systemId: system.id, schedule: { id: schedule, retentionDays } })).json.removes
  assert.deepEqual([await withDays(4), await withDays(2), await withDays(null)], [0, 1, 1])
  await Promise.all([runDueRetention(house), runDueRetention(house), runDueRetention(house)])
  assert.deepEqual(await deletedOf(system.id), [old])
  const events = (await eventsOf(here, 'backup.deleted-by-policy')).filter(({ subject_id }) => subject_id === old)
  assert.deepEqual(
    events.map(({ reason }) => reason),
    ['no rule of the policy keeps it'],
  )
  const { json } = await ask('GET', `/api/v1/backup/${old}`)
  assert.deepEqual([json.deletedBy, json.deleteReason], ['retention', 'retention: no rule of the policy keeps it'])
  assert.equal(new Date(json.removalDueAt).getTime() - new Date(json.deletedAt).getTime(), 7 * durations.day)
  // Again only a day later, or after a backup: not at each look.
  const later = await backupOf(system, 0.5)
  await runDueRetention(house)
  assert.deepEqual(await deletedOf(system.id), [old])
  await inCatalog((tx) =>
    tx
      .updateTable('backups')
      .set({ completed_at: new Date(clock.now().getTime() + 1) })
      .where('id', '=', later)
      .execute(),
  )
  await runDueRetention(house)
  assert.deepEqual((await deletedOf(system.id)).toSorted(), [old!, newest!].toSorted())
})

test('a mass deletion waits for a signature and says so; a preview that is stale is not run', async () => {
  const system = await newSystem()
  await backupsOf(system, [...Array(14).keys()])
  await setPolicy({ systemId: system.id, policy: keepLast(2), signature: signature() })
  const { house } = here.service
  await runDueRetention(house)
  assert.deepEqual(await deletedOf(system.id), [])
  const waits = (await openAlerts(here, 'retention-waits')).filter(({ system_id }) => system_id === system.id)
  assert.deepEqual(
    waits.map(({ fact }) => fact),
    ['the policy would remove 12 of 14 backups at once'],
  )
  assert.match((await ask('GET', `/api/v1/retention/policies?systemId=${system.id}`)).json.rows[0].waits, /12 of 14/)
  const stale = await preview(system.id)
  await backupOf(system, 20)
  const run = (digest: string, more: object = {}) =>
    ask('POST', '/api/v1/retention/run', { systemId: system.id, digest, reason: 'moved', ...more })
  assertProblem(await run(stale.digest), 409, 'PLAN_STALE')
  const { digest } = await preview(system.id)
  assertProblem(await run(digest), 409, 'SIGNATURE_NEEDED')
  const done = await run(digest, { signature: signature() })
  assert.equal(done.status, 200, done.text)
  assert.deepEqual([done.json.removes, (await deletedOf(system.id)).length], [13, 13])
  assert.deepEqual(
    (await openAlerts(here, 'retention-waits')).filter(({ system_id }) => system_id === system.id),
    [],
  )
})

test('by hand nothing is deleted that is held, or under the minimum of its record class', async () => {
  const system = await newSystem()
  const [young, old] = await backupsOf(system, [10, 40])
  await setPolicy({
    systemId: system.id,
    policy: { keep: { daily: 99, weekly: 99, monthly: 99 }, recordClass: 'record-retention', minimumDays: 30 },
  })
  const remove = (id: string) => ask('DELETE', `/api/v1/backup/${id}`, { reason: 'not needed' })
  const refused = await remove(young!)
  assertProblem(refused, 409, 'RETENTION_MINIMUM')
  assert.match(refused.json.detail, /record-retention: it stays until 2026-04-20T12:/)
  const placed = await ask('POST', '/api/v1/holds', { systemId: system.id, reason: 'a claim', reference: 'B-1' })
  assert.deepEqual([placed.status, placed.json.fact], [201, '2 backups are held'])
  assertProblem(await remove(old!), 409, 'RETENTION_HELD')
  const release = await ask('POST', `/api/v1/holds/${placed.json.hold.id}/release`, { reason: 'settled', signature: signature() })
  assert.equal(release.status, 200, release.text)
  assert.equal((await remove(old!)).status, 200)
})

test('a hold takes back a deletion whose backup is still there, is refused once it was removed, and only a signature releases it', async () => {
  const system = await newSystem()
  const [first, second, gone] = await backupsOf(system, [1, 2, 3])
  for (const id of [first, second, gone]) await ask('DELETE', `/api/v1/backup/${id}`, { reason: 'not needed' })
  await inCatalog((tx) => tx.updateTable('backups').set({ removed_at: clock.now() }).where('id', '=', gone!).execute())
  const place = (body: object, by = token) => ask('POST', '/api/v1/holds', { reason: 'a claim', reference: 'C-7', ...body }, by)
  assertProblem(await place({ backupId: gone }), 409, 'HOLD_TOO_LATE')
  const times = { from: new Date(clock.now().getTime() - 3 * durations.day).toISOString(), to: clock.now().toISOString() }
  const { json } = await place({ systemId: system.id, ...times })
  assert.deepEqual(
    [json.undeleted.toSorted(), json.fact],
    [[first!, second!].toSorted(), '2 backups are held; the deletion of 2 of them is taken back'],
  )
  assert.deepEqual(await deletedOf(system.id), [gone])
  assert.match(json.hold.covers, new RegExp(`^backups of system ${system.name}, made from .*, made before `))
  const held = (await ask('GET', `/api/v1/holds/backups?holdId=${json.hold.id}`)).json
  assert.deepEqual([held.total, held.rows[0].holds[0].reason, held.rows[0].holds[0].reference], [2, 'a claim', 'C-7'])
  const listed = (await ask('GET', `/api/v1/backup/list?systemId=${system.id}&pageSize=200`)).json.rows as {
    id: string
    holdCount: number
  }[]
  const heldIds = new Set(held.rows.map(({ backupId }: { backupId: string }) => backupId))
  assert.deepEqual(
    listed.map(({ id, holdCount }) => [id, holdCount]),
    listed.map(({ id }) => [id, heldIds.has(id) ? 1 : 0]),
  )
  assert.equal((await ask('GET', `/api/v1/backup/${held.rows[0].backupId}`)).json.holdCount, 1)
  for (const [body, field] of [
    [{}, 'backupId'],
    [{ backupId: first, systemId: system.id }, 'backupId'],
    [{ from: times.to, to: times.from }, 'to'],
    [{ systemId: system.id, reason: '' }, 'reason'],
  ] as const) {
    const refused = await place(body)
    assertProblem(refused, 422, 'INPUT_INVALID')
    assert.equal(refused.json.field, field)
  }
  const release = (sign: object) => ask('POST', `/api/v1/holds/${json.hold.id}/release`, { reason: 'settled', signature: sign })
  assertProblem(await ask('POST', `/api/v1/holds/${json.hold.id}/release`, { reason: 'settled' }), 422, 'INPUT_INVALID')
  assertProblem(await release({ ...signature(), totp: '000000' }), 403, 'REAUTHENTICATION')
  assert.equal((await release(signature())).json.releasedBy, 'anna')
  assertProblem(await release(signature()), 409, 'HOLD_RELEASED')
  assert.equal((await ask('GET', `/api/v1/holds/backups?holdId=${json.hold.id}`)).json.total, 0)
  const other = await testTenant(here.service, 'elsewhere')
  const stranger = await testPerson(here.service, 'stranger', [{ role: 'SYSTEM_ADMIN', tenantId: other }])
  assertProblem(await place({ backupId: first }, stranger.token), 404, 'NOT_FOUND')
  assert.equal((await ask('GET', '/api/v1/holds?state=all', undefined, stranger.token)).json.total, 0)
})

test('a hold takes a removal back that waits for a worker, and says that it is too late for one that goes on', async () => {
  const system = await newSystem()
  const [waits, goes] = await backupsOf(system, [1, 2])
  for (const id of [waits, goes]) await ask('DELETE', `/api/v1/backup/${id}`, { reason: 'not needed' })
  await inCatalog((tx) => tx.updateTable('backups').set({ removal_due_at: clock.now() }).where('system_id', '=', system.id).execute())
  await enqueueDueRemovals(here.service.house)
  const runOf = async (id: string) =>
    (await inCatalog((tx) =>
      tx.selectFrom('runs').selectAll().where('subject_id', '=', id).where('kind', '=', 'remove').executeTakeFirst(),
    ))!
  const going = await runOf(goes!)
  await inCatalog((tx) => tx.updateTable('runs').set({ status: 'in_progress' }).where('id', '=', going.id).execute())
  const hold = { reason: 'a claim', reference: 'D-1' }
  assertProblem(await ask('POST', '/api/v1/holds', { backupId: goes, ...hold }), 409, 'BACKUP_BUSY')
  const { json } = await ask('POST', '/api/v1/holds', { systemId: system.id, ...hold })
  assert.deepEqual([json.undeleted, json.tooLate], [[waits], [goes]])
  assert.match(json.fact, /1 could not be held: being removed at this moment/)
  assert.equal((await runOf(waits!)).status, 'cancelled')
  const { deletedAt, removalDueAt } = (await ask('GET', `/api/v1/backup/${waits}`)).json
  assert.deepEqual([deletedAt, removalDueAt], [null, null])
})

test('SAFETY rule 29: a clock that jumps stops deletion and raises an alert, until it is right again or somebody signs that it is', async () => {
  const { house } = here.service
  const system = await newSystem()
  const [, old] = await backupsOf(system, [1, 2])
  await setPolicy({ systemId: system.id, policy: keepLast(1), signature: signature() })
  assert.equal(await watchClock(house), undefined)
  const state = async () => (await ask('GET', '/api/v1/retention/clock')).json
  for (const [jump, fact] of [
    [durations.day, 'the clock jumped 24h 0m ahead'],
    [-durations.day, 'the clock jumped 24h 0m back'],
  ] as const) {
    jumpedMs = jump
    await keepSession()
    await runDueRetention(house)
    assert.deepEqual(await deletedOf(system.id), [])
    assert.deepEqual(
      (await openAlerts(here, 'clock-jumped')).map((alert) => alert.fact),
      [fact],
    )
    assert.deepEqual([(await state()).isSuspended, (await state()).fact], [true, fact])
    jumpedMs = 0
    await keepSession()
    await watchClock(house)
    assert.deepEqual([await openAlerts(here, 'clock-jumped'), (await state()).isSuspended], [[], false])
  }
  jumpedMs = durations.day
  await keepSession()
  await watchClock(house)
  const { digest } = await preview(system.id)
  assertProblem(await ask('POST', '/api/v1/retention/run', { systemId: system.id, digest, reason: 'now' }), 409, 'RETENTION_CLOCK')
  const accepted = await ask('POST', '/api/v1/retention/clock', { reason: 'the battery was replaced', signature: signature() })
  assert.equal(accepted.status, 200, accepted.text)
  assert.deepEqual([await openAlerts(here, 'clock-jumped'), (await state()).isSuspended], [[], false])
  await runDueRetention(house)
  assert.deepEqual(await deletedOf(system.id), [old])
})

/** Those of people end by the clock. */
async function keepSession(): Promise<void> {
  const later = new Date(clock.now().getTime() + durations.hour)
  await inCatalog((tx) => tx.updateTable('sessions').set({ used_at: clock.now(), idle_until: later, expires_at: later }).execute())
}

test('how long a deleted backup stays is set for the installation, and holds for what is deleted from then on', async () => {
  assert.deepEqual((await ask('GET', '/api/v1/settings/removal-grace')).json, { days: 7 })
  assert.equal((await ask('PUT', '/api/v1/settings/removal-grace', { days: 2 })).status, 200)
  const id = await backupOf(await newSystem(), 1)
  const { json } = await ask('DELETE', `/api/v1/backup/${id}`, { reason: 'not needed' })
  assert.equal(new Date(json.removalDueAt).getTime() - clock.now().getTime(), 2 * durations.day)
})
