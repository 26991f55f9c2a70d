import assert from 'node:assert/strict'
import path from 'node:path'
import { systemClock, testClock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import { schedules } from '#contract/schedules.ts'
import { everything } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { createSchedule } from '#service/schedules/editing.ts'
import { activeSystem } from '#service/systems/systems.ts'
import { completeWaiting, scheduledSystem } from './scheduled-backups.ts'
import { startScheduleService, type ScheduleService } from './schedule-services.ts'
import { testService } from './service.ts'

const { minute, hour, day } = durations

/** What a schedule says, for the product and for the slow model. */
interface Wanted {
  readonly name: string
  readonly cronExpression: string
  readonly timeZone: string
  readonly jitterMinutes?: number
  readonly blackouts?: readonly { readonly kind: 'daily'; readonly from: string; readonly to: string }[]
  /** By the clock on the wall. */
  readonly hours: readonly number[]
  readonly minute: number
  readonly weekday?: number
}

const wanted: readonly Wanted[] = [
  { name: 'berlin', cronExpression: '30 2 * * *', timeZone: 'Europe/Berlin', hours: [2], minute: 30 },
  { name: 'new-york', cronExpression: '0 */6 * * *', timeZone: 'America/New_York', hours: [0, 6, 12, 18], minute: 0 },
  { name: 'sydney', cronExpression: '15 2 * * 0', timeZone: 'Australia/Sydney', jitterMinutes: 30, hours: [2], minute: 15, weekday: 0 },
  {
    name: 'often',
    cronExpression: '45 1-23/2 * * *',
    timeZone: 'Europe/Berlin',
    jitterMinutes: 20,
    blackouts: [{ kind: 'daily', from: '08:00', to: '18:00' }],
    hours: [1, 3, 5, 7, 19, 21, 23],
    minute: 45,
  },
]

export interface Passed {
  readonly ticks: number
  readonly missed: Readonly<Record<string, number>>
  readonly kills: number
  /** Ticks that run at another time on the wall, because theirs is left out. */
  readonly displaced: number
}

export interface Days {
  readonly days: number
  readonly start: Date
  /** From one look to the next at most. */
  readonly stepMsMax: number
  readonly chance: () => number
}

/**
 * So many days with three services, of which one is killed again and again in the middle of its look, with hours in which none of
 * them is there and hours in which no worker is. Each tick of the slow model has one backup, or is told as missed; nothing else has.
 */
export async function passDays(given: Days): Promise<Passed> {
  const clock = testClock(given.start)
  await using here = await testService({ clock: { ...clock, every: () => ({ [Symbol.dispose]: () => undefined }) } })
  const { house } = here.service
  const ids = new Map<string, string>()
  for (const one of wanted) ids.set(one.name, await wish(house, one))
  const kills = await live({ house, clock, open: () => startScheduleService(path.join(here.directory, 'data'), clock.now()) }, given)
  const ends = await endsOf(house)
  const missed: Record<string, number> = {}
  for (const because of ends.ticks.flatMap(({ missed_because: one }) => one ?? [])) missed[because] = (missed[because] ?? 0) + 1
  let displaced = 0
  for (const one of wanted) {
    const model = slowTicks(one, given.start, clock.now())
    displaced += model.displaced
    assertEachOnce({ wanted: one, id: ids.get(one.name)!, expected: model.ticks, now: clock.now() }, ends)
  }
  assert.ok(ends.backups.every(({ status }) => status === 'completed'))
  return { ticks: ends.ticks.length, missed, kills, displaced }
}

async function wish(house: House, { hours: _hours, minute: _minute, weekday: _weekday, ...times }: Wanted): Promise<string> {
  const { system } = await scheduledSystem(house, { name: times.name })
  const row = await house.catalog.as(everything, async (tx) =>
    createSchedule(house, tx, {
      system: await activeSystem(tx, system),
      wish: schedules.edit.body.parse({ ...times, backupType: 'full' }),
      by: { id: null, name: 'a test' },
    }),
  )
  return row.id
}

interface Living {
  readonly house: House
  readonly clock: ReturnType<typeof testClock>
  readonly open: () => Promise<ScheduleService>
}

/** Returns how often a service was killed. */
async function live({ house, clock, open }: Living, { days, start, stepMsMax, chance }: Days): Promise<number> {
  const services = [await open(), await open(), await open()]
  await using _ended = { [Symbol.asyncDispose]: async () => void (await Promise.all(services.map((one) => one[Symbol.asyncDispose]()))) }
  const between = (least: number, most: number) => least + chance() * (most - least)
  const endMs = start.getTime() + days * day
  let [kills, awayUntilMs, idleUntilMs] = [0, 0, 0]
  while (clock.now().getTime() < endMs) {
    clock.advance(between(5 * minute, stepMsMax))
    const nowMs = clock.now().getTime()
    // The last days are calm, so that what is open comes to an end.
    const isCalm = nowMs > endMs - 2 * day
    if (!isCalm && chance() < 0.008) awayUntilMs = nowMs + between(2 * hour, 60 * hour)
    if (!isCalm && chance() < 0.008) idleUntilMs = nowMs + between(hour, 40 * hour)
    if (nowMs < awayUntilMs) continue
    const looks = services.map((one) => one.look(clock.now()))
    if (chance() < 0.006) {
      const which = Math.floor(chance() * services.length)
      await systemClock.sleep(chance() * 6)
      services[which]!.kill()
      kills += 1
      await Promise.all(looks)
      services[which] = await open()
    }
    await Promise.all(looks)
    if (nowMs >= idleUntilMs) await completeWaiting(house)
  }
  return kills
}

async function endsOf(house: House) {
  return await house.catalog.as(everything, async (tx) => ({
    ticks: await tx.selectFrom('schedule_ticks').selectAll().orderBy('tick').execute(),
    backups: await tx.selectFrom('backups').select(['id', 'schedule_id', 'status']).execute(),
    alerts: await tx.selectFrom('alerts').select(['subject_id', 'settled_at']).where('kind', '=', 'schedule-missed').execute(),
  }))
}

interface Expected {
  readonly wanted: Wanted
  readonly id: string
  readonly expected: readonly Date[]
  readonly now: Date
}

function assertEachOnce({ wanted: { name, jitterMinutes = 0 }, id, expected, now }: Expected, ends: Awaited<ReturnType<typeof endsOf>>) {
  const its = ends.ticks.filter(({ schedule_id: of }) => of === id)
  // The newest may be put off by its jitter beyond the last look.
  const due = expected.filter((tick) => tick.getTime() + jitterMinutes * minute <= now.getTime())
  const seen = its.map(({ tick }) => tick.toISOString())
  assert.deepEqual(
    seen.slice(0, due.length),
    due.map((tick) => tick.toISOString()),
    name,
  )
  assert.deepEqual(
    seen.slice(due.length),
    expected.slice(due.length, seen.length).map((tick) => tick.toISOString()),
    name,
  )
  for (const { tick, backup_id: backup, missed_because: because } of its)
    assert.equal(backup === null, because !== null && because !== 'not-taken', `${name} ${tick.toISOString()} ${because}`)
  const made = its.flatMap(({ backup_id: backup }) => backup ?? [])
  const there = ends.backups.flatMap((backup) => (backup.schedule_id === id ? backup.id : []))
  assert.deepEqual(made.toSorted(), there.toSorted(), name)
  const told = ends.alerts.filter(({ subject_id: of }) => of === id)
  if (its.some(({ missed_because: because }) => because === 'not-taken')) assert.ok(told.length > 0, name)
  assert.ok(
    told.every(({ settled_at: at }) => at !== null),
    name,
  )
}

/** Date by date and time by time: what the wall shows decides; what it leaves out comes an hour later, what it shows twice is taken once. */
function slowTicks({ timeZone, hours, minute: atMinute, weekday }: Wanted, after: Date, until: Date): { ticks: Date[]; displaced: number } {
  const ticks: Date[] = []
  let displaced = 0
  for (let dateMs = after.getTime() - 2 * day; dateMs < until.getTime() + 2 * day; dateMs += day) {
    const date = new Date(dateMs).toISOString().slice(0, 10)
    if (weekday !== undefined && new Date(`${date}T00:00Z`).getUTCDay() !== weekday) continue
    for (const atHour of hours) {
      const shown = momentOf(date, atHour, atMinute, timeZone)
      const tick = shown ?? momentOf(date, atHour + 1, atMinute, timeZone)!
      if (tick <= after || tick > until) continue
      if (shown === undefined) displaced += 1
      ticks.push(tick)
    }
  }
  return { ticks, displaced }
}

/** The first moment at which the wall shows it, looked for among all offsets that there are. */
function momentOf(date: string, atHour: number, atMinute: number, timeZone: string): Date | undefined {
  const two = (number: number) => String(number).padStart(2, '0')
  const wall = `${date} ${two(atHour)}:${two(atMinute)}:00`
  for (let offset = 14; offset >= -12; offset -= 1) {
    const moment = new Date(Date.parse(`${date}T${two(atHour)}:${two(atMinute)}:00Z`) - offset * hour)
    if (moment.toLocaleString('sv-SE', { timeZone }) === wall) return moment
  }
  return undefined
}

/** Chances that are the same for the same seed (mulberry32). */
export function chances(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
