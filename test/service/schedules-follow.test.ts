import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { testClock } from '#base/clock.ts'
import { systemSettingsSchema } from '#base/settings.ts'
import { durations } from '#base/units.ts'
import { everything } from '#service/catalog/scope.ts'
import { followObserved } from '#service/schedules/following.ts'
import { runDueSchedules } from '#service/schedules/firing.ts'
import { completeWaiting, scheduledSystem } from '#test/support/scheduled-backups.ts'
import { eventsOf } from '#test/support/protected-system.ts'
import { testPerson, testService, type TestService } from '#test/support/service.ts'

const clock = testClock(new Date('2026-05-01T00:00:00Z'))
let here: TestService
let system: string
let tenant: string
before(async () => {
  here = await testService({ clock: { ...clock, every: () => ({ [Symbol.dispose]: () => undefined }) } })
  const settings = systemSettingsSchema.parse({ objectives: { rpoMinutes: 400 } })
  ;({ system, tenant } = await scheduledSystem(here.service.house, { settings }))
})
after(() => here[Symbol.asyncDispose]())

/** Sessions of tests live for an hour. */
async function asked(method: string, path: string, body?: object) {
  const { token } = await testPerson(here.service, `operator ${here.service.house.random.uuid()}`, [
    { role: 'BACKUP_OPERATOR', tenantId: tenant },
  ])
  return (await here.ask(method, `/api/v1/backup/schedules${path}`, { token, ...(body && { body }) })).json
}

test('a proposal changes nothing; a schedule that follows takes it within its bounds, and the trail says why', async () => {
  const { house } = here.service
  const nightly = { name: 'nightly', backupType: 'full', cronExpression: '0 2 * * *' }
  const { id } = await asked('POST', '', { ...nightly, systemId: system })
  for (let night = 0; night < 6; night += 1) {
    clock.advance(durations.day)
    assert.equal(await runDueSchedules(house), 1)
    assert.equal(await completeWaiting(house, { newBytes: 5_000_000, logicalBytes: 1_000_000_000, durationMs: 10 * durations.minute }), 1)
  }
  const proposal = await asked('GET', `/${id}/proposal`)
  assert.deepEqual([proposal.cronExpression, proposal.isChange, proposal.intervalMinutes], ['0 2,8,14,20 * * *', true, 360])
  assert.deepEqual(proposal.next.durationSeconds, { value: 600, typicalError: 0, triedOn: 4 })
  assert.deepEqual(proposal.next.storedBytes, { value: 5_000_000, typicalError: 0, triedOn: 4 })
  assert.match(proposal.reasons.join(' '), /objective is to lose 6h 40m at most; a backup takes up to 10m 0s/)
  assert.equal(await followObserved(house), 0)
  assert.equal((await asked('GET', '')).rows[0].cronExpression, '0 2 * * *')

  await asked('PUT', `/${id}`, { ...nightly, follows: { minutesMin: 480, minutesMax: 1440 } })
  assert.deepEqual(await Promise.all([followObserved(house), followObserved(house)]).then((all) => all.toSorted()), [0, 1])
  const [row] = (await asked('GET', '')).rows
  assert.deepEqual([row.cronExpression, row.adaptedAt], ['0 2,10,18 * * *', clock.now().toISOString()])
  const [event] = await eventsOf(here, 'schedule.adapted')
  assert.equal(event!.subject_id, id)
  assert.match(event!.reason!, /So a backup begins every 8h 0m, within the bounds of 8h 0m to 24h 0m/)
  assert.equal(await followObserved(house), 0)
  const ticks = await house.catalog.as(everything, (tx) => tx.selectFrom('schedule_ticks').select('tick').execute())
  assert.equal(ticks.length, 6)
})
