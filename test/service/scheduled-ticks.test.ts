import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { testClock, type Clock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import { schedules, type TickView } from '#contract/schedules.ts'
import { claimRun, endRun } from '#service/jobs/attempt.store.ts'
import { knownRun } from '#service/jobs/job-kind.ts'
import { backupKind } from '#service/jobs/kinds/backup.ts'
import { everything, within } from '#service/catalog/scope.ts'
import { createSchedule, type ScheduleWish } from '#service/schedules/editing.ts'
import { scheduleRunner } from '#service/schedules/firing.ts'
import { tickView } from '#service/schedules/schedules.ts'
import { listTicks } from '#service/schedules/ticks.store.ts'
import { activeSystem } from '#service/systems/systems.ts'
import { completeWaiting, scheduledSystem } from '#test/support/scheduled-backups.ts'
import { testPerson, testService, type TestService } from '#test/support/service.ts'

const begin = new Date('2026-05-01T00:00:00Z')
const { minute, hour, day } = durations

/** The service's own ticker stands still on it: a test looks when it wants to, and may set the clock on the wall. */
interface Hand {
  readonly clock: Clock
  advance(ms: number): void
  set(ms: number): void
}

function hand(): Hand {
  const passing = testClock(begin)
  let aheadMs = 0
  return {
    clock: { ...passing, now: () => new Date(passing.now().getTime() + aheadMs), every: () => ({ [Symbol.dispose]: () => undefined }) },
    advance: passing.advance,
    set: (ms) => (aheadMs += ms),
  }
}

const time = hand()
let here: TestService
before(async () => {
  here = await testService({ clock: time.clock })
})
after(() => here[Symbol.asyncDispose]())

/** A schedule of a system of its own, and what became of it. */
async function scheduled(name: string, wish: Partial<ScheduleWish> & { readonly cronExpression: string }) {
  const { house } = here.service
  const { tenant, system } = await scheduledSystem(house, { name })
  const row = await house.catalog.as(within(tenant), async (tx) =>
    createSchedule(house, tx, {
      system: await activeSystem(tx, system),
      wish: schedules.edit.body.parse({ name, backupType: 'database', ...wish }),
      by: { id: null, name: 'a test' },
    }),
  )
  return {
    system,
    id: row.id,
    /** The oldest first: `05-02 02:00 begun`. */
    ticks: async () => {
      const { rows } = await house.catalog.as(within(tenant), (tx) => listTicks(tx, row.id, { page: 1, pageSize: 200 }))
      return rows.map(tickView).map(told).toReversed()
    },
    backups: async () =>
      (
        await house.catalog.as(within(tenant), (tx) =>
          tx.selectFrom('backups').select('status').where('schedule_id', '=', row.id).execute(),
        )
      ).length,
    alerts: async () =>
      await house.catalog.as(within(tenant), (tx) =>
        tx.selectFrom('alerts').select(['kind', 'fact', 'settled_because']).where('subject_id', '=', row.id).orderBy('opened_at').execute(),
      ),
    retire: () =>
      house.catalog.as(within(tenant), (tx) =>
        tx.updateTable('backup_schedules').set({ is_active: false, next_run_at: null }).where('id', '=', row.id).execute(),
      ),
  }
}

function told({ tick, backup, missed }: TickView): string {
  return `${tick.slice(5, 16).replace('T', ' ')} ${[...(missed ? [missed.because] : []), ...(backup ? ['begun'] : [])].join(' ')}`
}

test('the newest tick of a time without a service is run afterwards, the others are missed, told, and settled by the backup', async () => {
  const { house } = here.service
  const daily = await scheduled('away', { cronExpression: '0 2 * * *' })
  const look = scheduleRunner(house)
  time.advance(3 * day + 12 * hour)
  await look()
  const ticks = await daily.ticks()
  assert.deepEqual(
    ticks.map((one) => one.slice(6)),
    ['02:00 service-away', '02:00 service-away', '02:00 service-away', '02:00 begun'],
  )
  const [alert] = await daily.alerts()
  assert.equal(alert!.fact, 'schedule away missed 3 times from 2026-05-01 02:00 to 2026-05-03 02:00 (UTC): no service was there to run it')
  assert.equal(alert!.settled_because, null)
  await completeWaiting(house)
  assert.match((await daily.alerts())[0]!.settled_because!, /^backup away-database-\S+ was made$/)
  await daily.retire()
})

test('what is older than is caught up is missed, and not run', async () => {
  const { house } = here.service
  const daily = await scheduled('old', { cronExpression: '0 2 * * *', catchUpMinutes: 120, toleranceMinutes: 30 })
  const look = scheduleRunner(house)
  time.advance(22 * hour)
  await look()
  assert.deepEqual(
    (await daily.ticks()).map((one) => one.slice(6)),
    ['02:00 too-old'],
  )
  assert.equal(await daily.backups(), 0)
  assert.match((await daily.alerts())[0]!.fact, /older than what is caught up$/)
  await daily.retire()
})

test('a backup that no worker takes in time is told, made when one comes, and not asked for again meanwhile', async () => {
  const { house } = here.service
  const hourly = await scheduled('untaken', { cronExpression: '0 * * * *', toleranceMinutes: 90 })
  const look = scheduleRunner(house)
  for (let step = 0; step < 6 * 6; step += 1) {
    time.advance(10 * minute)
    await look()
  }
  assert.deepEqual(
    (await hourly.ticks()).map((one) => one.slice(12)),
    ['not-taken begun', 'waiting', 'waiting', 'waiting', 'waiting', 'waiting'],
  )
  const alerts = await hourly.alerts()
  assert.equal(alerts.length, 1)
  assert.match(alerts[0]!.fact, /no worker took its backup within 1h 30m$/)
  assert.equal(await completeWaiting(house), 1)
  assert.match((await hourly.alerts())[0]!.settled_because!, /was made$/)
  time.advance(hour)
  await look()
  assert.match((await hourly.ticks()).at(-1)!, / begun$/)
  await completeWaiting(house)
  await hourly.retire()
})

test('a worker that stands still for an hour: its backup is made by another, once, what comes due meanwhile is told, and it changes nothing when it goes on', async () => {
  const { house } = here.service
  const hourly = await scheduled('paused', { cronExpression: '0 * * * *', toleranceMinutes: 30 })
  const look = scheduleRunner(house)
  const lookFor = async (minutes: number) => {
    for (let step = 0; step < minutes; step += 10) {
      time.advance(10 * minute)
      await look()
    }
  }
  await lookFor(60)
  const claimed = await house.catalog.as(everything, async (tx) => {
    const { id } = await tx
      .selectFrom('runs')
      .select('id')
      .where('kind', '=', 'backup')
      .where('status', '=', 'pending')
      .executeTakeFirstOrThrow()
    const run = (await claimRun(tx, id, { worker: 'one that stands still', at: time.clock.now() }))!
    await backupKind.begin!(house, tx, knownRun(backupKind, run))
    return run
  })
  await lookFor(100)
  assert.deepEqual(
    (await hourly.ticks()).map((one) => one.slice(12)),
    ['begun', 'not-taken begun'],
  )
  // The queue hands the first one to another worker, which also takes the second.
  await house.catalog.as(everything, async (tx) => tx.updateTable('runs').set({ status: 'pending' }).where('id', '=', claimed.id).execute())
  assert.equal(await completeWaiting(house), 2)
  await assert.rejects(
    house.catalog.as(everything, (tx) =>
      endRun(tx, claimed, { status: 'completed', fault: null, output: undefined, at: time.clock.now() }),
    ),
    (error) => isFault(error, 'JOB_LOST'),
  )
  assert.equal(await hourly.backups(), 2)
  assert.match((await hourly.alerts())[0]!.settled_because!, /was made$/)
  await hourly.retire()
})

test('a schedule that is changed when it is due runs by what it said, and one that is removed is told of no more', async () => {
  const { house } = here.service
  const often = await scheduled('changed', { cronExpression: '0 * * * *' })
  time.advance(hour)
  const look = scheduleRunner(house)
  await look()
  time.advance(hour)
  const { token } = await testPerson(here.service, 'the changer', [{ role: 'SYSTEM_ADMIN', tenantId: null }])
  const before = (await often.ticks()).length
  const path = `/api/v1/backup/schedules/${often.id}`
  const changed = await here.ask('PUT', path, { token, body: { name: 'changed', backupType: 'database', cronExpression: '0 2 1 1 *' } })
  assert.equal(changed.status, 200, changed.text)
  assert.equal((await often.ticks()).length, before + 1)
  assert.equal((await here.ask('DELETE', path, { token })).status, 204)
  time.advance(3 * hour)
  await look()
  assert.deepEqual(await often.alerts(), [])
  await completeWaiting(house)
})

test('a clock that is set ahead by a day and back again: nothing is made twice, what was missed is made when its time comes, and people are told', async () => {
  const { house } = here.service
  // From one o'clock, whatever the tests before did.
  time.advance(day + hour - (time.clock.now().getTime() % day))
  const often = await scheduled('set', { cronExpression: '0 */6 * * *' })
  const look = scheduleRunner(house)
  await look()
  time.set(day)
  await look()
  const ahead = await often.ticks()
  assert.deepEqual(
    ahead.map((one) => one.slice(12)),
    ['clock-set', 'clock-set', 'clock-set', 'begun'],
  )
  assert.match((await often.alerts())[0]!.fact, /the clock went ahead by 24h 0m, or the machine stood still for so long$/)
  await completeWaiting(house)
  time.set(-day)
  for (let step = 0; step < 30; step += 1) {
    await look()
    await completeWaiting(house)
    time.advance(hour)
  }
  const after = await often.ticks()
  assert.deepEqual(
    after.map((one) => one.slice(12)),
    ['begun', 'begun', 'begun', 'begun', 'begun'],
  )
  assert.deepEqual(
    after.slice(0, 4).map((one) => one.slice(0, 11)),
    ahead.map((one) => one.slice(0, 11)),
  )
  assert.equal(await often.backups(), 5)
  const notices = await house.catalog.as(everything, (tx) =>
    tx.selectFrom('notices').select('fact').where('kind', '=', 'clock-set').orderBy('at', 'desc').execute(),
  )
  assert.deepEqual(
    notices.map(({ fact }) => fact),
    ['the clock went ahead by 24h 0m, or the machine stood still for so long', 'the clock was set back by 24h 0m'],
  )
  await often.retire()
})
