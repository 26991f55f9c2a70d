import { isFault, type Fault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import { tell } from '#service/alerts/alerts.ts'
import { beginBackup } from '#service/backups/backups.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { clockSetMs, ClockWatch, settingWords } from './clock-watch.ts'
import { noteMissed, noteUntaken, tellMissed } from './missed.ts'
import { dueSince, nextAt, type Planned } from './plan.ts'
import { planOf } from './schedules.ts'
import { dueScheduleIds, lockActiveSchedules, lockDueSchedule, updateSchedule, type StoredSchedule } from './schedules.store.ts'
import { hasWaitingBackup, newestTaken, noteTick, takeTick } from './ticks.store.ts'

const dueAtOnceMax = 100

/** What the ticker does: sees to the clock, to what is due, and to what nobody took. */
export function scheduleRunner(house: House): () => Promise<void> {
  const watch = new ClockWatch(house.clock)
  return async () => {
    const aheadMs = watch.look()
    if (aheadMs !== 0) await seeToClock(house, aheadMs)
    await runDueSchedules(house, aheadMs)
    await noteUntaken(house)
  }
}

/**
 * Begins the backup of each schedule whose time has come: once for a tick, however many services look (`schedule_ticks`).
 * After a time without any service the newest tick is run for all, as far as the schedule catches up, and the others are missed.
 * Returns how many schedules were due.
 */
export async function runDueSchedules(house: House, aheadMs = 0): Promise<number> {
  const now = house.clock.now()
  const ids = await house.catalog.as(everything, (tx) => dueScheduleIds(tx, now, dueAtOnceMax))
  for (const id of ids) {
    try {
      await house.catalog.as(everything, async (tx) => {
        const schedule = await lockDueSchedule(tx, id, now)
        if (schedule) await runSchedule(house, tx, { schedule, now, aheadMs })
      })
    } catch (error) {
      // One that cannot be run must not keep the others from it; it stays due, and is tried with the next look.
      if (isFault(error, 'CATALOG_UNREACHABLE')) throw error
      house.log.error({ err: error, schedule: id }, 'a schedule could not be run')
    }
  }
  return ids.length
}

/** Before it changes: what is due by what it says now is run by that. */
export async function runBeforeChange(house: House, tx: Tx, schedule: StoredSchedule): Promise<void> {
  const now = house.clock.now()
  if (schedule.is_active && schedule.next_run_at !== null && schedule.next_run_at <= now)
    await runSchedule(house, tx, { schedule, now, aheadMs: 0 })
}

interface Running {
  readonly schedule: StoredSchedule
  readonly now: Date
  /** By how much the clock was just set. */
  readonly aheadMs: number
}

async function runSchedule(house: House, tx: Tx, running: Running): Promise<void> {
  const { schedule, now, aheadMs } = running
  const first: Planned = { tick: schedule.next_tick_at!, at: schedule.next_run_at! }
  const { due, next, isCutShort } = dueSince(planOf(schedule), first, now)
  await updateSchedule(tx, schedule.id, { next_tick_at: next?.tick ?? null, next_run_at: next?.at ?? null })
  const [newest, passed] = [due.at(-1)!, due.slice(0, -1)]
  const because = aheadMs > 0 ? 'clock-set' : 'service-away'
  const fact = aheadMs > 0 ? { fact: settingWords(aheadMs) } : {}
  if (passed.length > 0) await noteMissed(house, tx, { schedule, missed: { ticks: passed, isCutShort, because, ...fact } })
  await runNewest(house, tx, { ...running, planned: newest })
  if (!next) await tellNoNext(house, tx, { schedule, planned: newest })
}

async function runNewest(house: House, tx: Tx, { schedule, now, planned }: Running & { readonly planned: Planned }): Promise<void> {
  const because = (await hasWaitingBackup(tx, schedule.id)) ? 'waiting' : isTooOld(schedule, planned, now) ? 'too-old' : undefined
  if (because !== undefined) {
    await noteMissed(house, tx, { schedule, missed: { ticks: [planned], because } })
    return void (await updateSchedule(tx, schedule.id, { last_status: because === 'waiting' ? 'pending' : 'missed' }))
  }
  const { id, tenant_id } = schedule
  if (await takeTick(tx, { schedule_id: id, tenant_id, tick: planned.tick, planned_at: planned.at, created_at: now }))
    await beginScheduled(house, tx, { schedule, now, planned })
}

/** What is within the tolerance is not late at all. */
function isTooOld({ tolerance_minutes: tolerance, catch_up_minutes: catchUp }: StoredSchedule, { at }: Planned, now: Date): boolean {
  const lateMinutes = (now.getTime() - at.getTime()) / durations.minute
  return lateMinutes > tolerance && catchUp !== null && lateMinutes > catchUp
}

async function beginScheduled(
  house: House,
  tx: Tx,
  { schedule, now, planned }: { readonly schedule: StoredSchedule; readonly now: Date; readonly planned: Planned },
): Promise<void> {
  const { id, system_id: systemId, backup_type: type, name } = schedule
  try {
    const { backup } = await beginBackup(house, tx, {
      wish: { systemId, type, compressionLevel: 1 },
      by: { id: null, name: `schedule ${name}`, scheduleId: id },
    })
    await noteTick(tx, { schedule_id: id, tick: planned.tick, backup_id: backup.id })
    await updateSchedule(tx, id, { last_run_at: now, last_status: 'pending' })
  } catch (error) {
    // Its system is gone or holds nothing of that kind any more: shown with the schedule, and the others go on.
    if (!isFault(error)) throw error
    await noteRefused(house, tx, { schedule, planned, fault: error })
  }
}

async function noteRefused(
  house: House,
  tx: Tx,
  { schedule, planned, fault }: { readonly schedule: StoredSchedule; readonly planned: Planned; readonly fault: Fault },
): Promise<void> {
  const now = house.clock.now()
  const { code, message: fact, hint } = fault
  await noteTick(tx, {
    schedule_id: schedule.id,
    tick: planned.tick,
    missed_at: now,
    missed_because: 'refused',
    fault: JSON.stringify({ code, fact, hint }),
  })
  await updateSchedule(tx, schedule.id, { last_run_at: now, last_status: 'failed' })
  await tellMissed(house, tx, { schedule, missed: { ticks: [planned], because: 'refused', fact } })
}

async function tellNoNext(
  house: House,
  tx: Tx,
  { schedule, planned }: { readonly schedule: StoredSchedule; readonly planned: Planned },
): Promise<void> {
  const fact = 'it was the last one: the blackouts leave no time any more'
  await tellMissed(house, tx, { schedule, missed: { ticks: [planned], because: 'refused', fact } })
}

/**
 * A clock that is behind again would leave schedules waiting for a day that is far: what comes first by the clock of now comes
 * next. What has its backup already is passed over when it comes again (`takeTick`).
 */
async function seeToClock(house: House, aheadMs: number | undefined): Promise<void> {
  await house.catalog.as(everything, async (tx) => {
    const now = house.clock.now()
    for (const schedule of await lockActiveSchedules(tx)) {
      const next = nextAt(planOf(schedule), now)
      if (next && (schedule.next_tick_at === null || next.tick < schedule.next_tick_at))
        await updateSchedule(tx, schedule.id, { next_tick_at: next.tick, next_run_at: next.at })
    }
    const setMs = aheadMs ?? (await behindMs(tx, now))
    if (Math.abs(setMs) >= clockSetMs) await tellClockSet(house, tx, setMs)
  })
}

/** At its start a service has nothing to compare the clock with but what others have written down. */
async function behindMs(tx: Tx, now: Date): Promise<number> {
  const newest = await newestTaken(tx)
  return newest && newest > now ? now.getTime() - newest.getTime() : 0
}

async function tellClockSet(house: House, tx: Tx, setMs: number): Promise<void> {
  await tell(house, tx, {
    kind: 'clock-set',
    tenantId: null,
    fact: settingWords(setMs),
    hint: 'Look at the clock of the machine and at its time service; scheduled backups that were made are not made again, what was missed is told one by one.',
    facts: { setMs },
  })
}
