import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { testClock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import type { Upcoming } from '#contract/schedules.ts'
import { runDueSchedules } from '#service/schedules/firing.ts'
import { completeWaiting, scheduledSystem } from '#test/support/scheduled-backups.ts'
import { answerWhen } from '#test/support/protected-system.ts'
import { assertProblem, testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'

const clock = testClock(new Date('2026-03-27T00:30:00Z'))
let here: TestService
let tenant: string
let system: string
let operator: string
let stranger: string

before(async () => {
  here = await testService({ clock })
  const theirs = await testTenant(here.service, 'theirs')
  ;({ tenant, system } = await scheduledSystem(here.service.house, { hasFiles: false }))
  operator = (await testPerson(here.service, 'operator', [{ role: 'BACKUP_OPERATOR', tenantId: tenant }])).token
  stranger = (await testPerson(here.service, 'stranger', [{ role: 'SYSTEM_ADMIN', tenantId: theirs }])).token
})
after(() => here[Symbol.asyncDispose]())

const nightly = { name: 'nightly', backupType: 'database', cronExpression: '30 2 * * *', timeZone: 'Europe/Berlin' }
const create = (body: object) => here.ask('POST', '/api/v1/backup/schedules', { token: operator, body: { systemId: system, ...body } })

test('a schedule knows its next five runs, in its own time zone and over the change to summer time', async () => {
  const made = await create(nightly)
  assert.equal(made.status, 201, made.text)
  // On 29 March 2026 there is no 02:30 in Berlin: it runs an hour later by the clock on the wall.
  const shown = made.json.nextRuns.map(({ at, local, utcOffset }: Upcoming) => `${at} ${local} ${utcOffset}`)
  assert.deepEqual(shown, [
    '2026-03-27T01:30:00.000Z 2026-03-27 02:30 +01:00',
    '2026-03-28T01:30:00.000Z 2026-03-28 02:30 +01:00',
    '2026-03-29T01:30:00.000Z 2026-03-29 03:30 +02:00',
    '2026-03-30T00:30:00.000Z 2026-03-30 02:30 +02:00',
    '2026-03-31T00:30:00.000Z 2026-03-31 02:30 +02:00',
  ])
  const forward = 'before it the clocks go forward by 1h 0m, from UTC+01:00 to UTC+02:00'
  assert.deepEqual(
    made.json.nextRuns.map(({ note }: Upcoming) => note),
    [null, null, forward, null, null],
  )
  assert.equal(made.json.words, 'At 02:30, in Europe/Berlin')
  assert.equal(made.json.nextRunAt, '2026-03-27T01:30:00.000Z')
  const { json } = await here.ask('GET', '/api/v1/backup/schedules', { token: operator })
  assert.deepEqual([json.total, json.rows[0].name, json.rows[0].systemName], [1, 'nightly', 'emr'])
  assert.equal((await here.ask('GET', '/api/v1/backup/schedules', { token: stranger })).json.total, 0)
})

test('what is no cron expression, never runs or has no such zone is refused with its field', async () => {
  for (const [change, field] of [
    [{ cronExpression: '61 * * * *' }, 'cronExpression'],
    [{ cronExpression: '0 0 30 2 *' }, 'cronExpression'],
    [{ cronExpression: '* * * * * *' }, 'cronExpression'],
    [{ cronExpression: '@daily' }, 'cronExpression'],
    [{ cronExpression: 'H 2 * * *' }, 'cronExpression'],
    [{ timeZone: 'Europe/Atlantis' }, 'timeZone'],
    [{ timeZone: '../../etc/passwd' }, 'timeZone'],
    [{ retentionDays: 0 }, 'retentionDays'],
    [{ backupType: 'files' }, 'backupType'],
  ] as const) {
    const answer = await create({ ...nightly, name: 'wrong', ...change })
    assertProblem(answer, 422, 'INPUT_INVALID')
    assert.equal(answer.json.field, field)
  }
  const taken = await create(nightly)
  assertProblem(taken, 409, 'SCHEDULE_NAME_TAKEN')
  assert.equal(taken.json.field, 'name')
  const preview = (cronExpression: string) =>
    here.ask('POST', '/api/v1/backup/schedules/preview', { token: operator, body: { cronExpression } })
  assert.equal((await preview('0 4 * * 0')).json.nextRuns[0].at, '2026-03-29T04:00:00.000Z')
  assertProblem(await preview('never and no time'), 422, 'INPUT_INVALID')
})

test('a schedule is changed, switched off and on, and removed; its name is free again then', async () => {
  const made = (await create({ ...nightly, name: 'weekly' })).json
  const path = `/api/v1/backup/schedules/${made.id}`
  const edit = (body: object, token = operator) => here.ask('PUT', path, { token, body })
  const one = await here.ask('GET', path, { token: operator })
  assert.deepEqual([one.status, one.json], [200, made])
  assertProblem(await here.ask('GET', path, { token: stranger }), 404, 'NOT_FOUND')
  const { json } = await edit({ ...nightly, name: 'weekly', cronExpression: '0 4 * * 0', timeZone: 'UTC', retentionDays: 30 })
  assert.deepEqual([json.nextRunAt, json.retentionDays], ['2026-03-29T04:00:00.000Z', 30])
  assertProblem(await edit({ ...nightly, name: 'nightly' }), 409, 'SCHEDULE_NAME_TAKEN')
  assertProblem(await edit({ ...nightly, name: 'theirs' }, stranger), 404, 'NOT_FOUND')
  const toggle = (body: object) => here.ask('POST', `${path}/toggle`, { token: operator, body })
  const off = (await toggle({})).json
  assert.deepEqual([off.isActive, off.nextRunAt, off.nextRuns.length], [false, null, 5])
  assert.equal((await toggle({ isActive: true })).json.nextRunAt, '2026-03-29T04:00:00.000Z')
  assert.equal((await here.ask('DELETE', path, { token: operator })).status, 204)
  assertProblem(await toggle({}), 404, 'NOT_FOUND')
  assert.equal((await create({ ...nightly, name: 'weekly', isActive: false })).status, 201)
})

test('a schedule runs once for each tick, however many look, and once for all ticks that were missed', async () => {
  const { house } = here.service
  const made = async () => (await here.ask('GET', `/api/v1/backup/list?systemId=${system}`, { token: operator })).json
  clock.advance(59 * durations.minute)
  assert.deepEqual(await Promise.all([runDueSchedules(house), runDueSchedules(house)]), [0, 0])
  clock.advance(durations.minute)
  await Promise.all([runDueSchedules(house), runDueSchedules(house), runDueSchedules(house)])
  // Those of tests that sign in once live for an hour.
  operator = (await testPerson(here.service, 'operator two', [{ role: 'BACKUP_OPERATOR', tenantId: tenant }])).token
  // The service's own look at the clock may be the one that has it.
  const { json: first } = await answerWhen(
    () => here.ask('GET', `/api/v1/backup/list?systemId=${system}`, { token: operator }),
    ({ json }) => json.total > 0,
  )
  assert.deepEqual([first.total, first.rows[0].createdBy, first.rows[0].type], [1, 'schedule nightly', 'database'])
  await completeWaiting(house)
  clock.advance(3 * durations.day)
  operator = (await testPerson(here.service, 'operator three', [{ role: 'BACKUP_OPERATOR', tenantId: tenant }])).token
  await Promise.all([runDueSchedules(house), runDueSchedules(house)])
  await answerWhen(
    () => here.ask('GET', `/api/v1/backup/list?systemId=${system}`, { token: operator }),
    ({ json }) => json.total > 1,
  )
  await Promise.all([runDueSchedules(house), runDueSchedules(house)])
  assert.equal((await made()).total, 2)
  const schedule = (await here.ask('GET', '/api/v1/backup/schedules?search=nightly', { token: operator })).json.rows[0]
  assert.equal(schedule.nextRunAt, '2026-03-31T00:30:00.000Z')
  assert.equal(schedule.lastStatus, 'pending')
})
