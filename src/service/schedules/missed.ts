import { printDuration, durations } from '#base/units.ts'
import { unreachable } from '#base/unreachable.ts'
import type { MissedBecause } from '#contract/schedules.ts'
import { raiseAlert, settleAlert } from '#service/alerts/alerts.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { printLocal } from './local-time.ts'
import type { Planned } from './plan.ts'
import { updateSchedule, type StoredSchedule } from './schedules.store.ts'
import { insertMissedTicks, lockUntakenTicks, noteTick } from './ticks.store.ts'

export interface Missed {
  readonly ticks: readonly Planned[]
  /** There were more between the last two of them. */
  readonly isCutShort?: boolean
  readonly because: MissedBecause
  /** More of it, such as what a fault said. */
  readonly fact?: string
}

type Concerned = Pick<StoredSchedule, 'id' | 'tenant_id' | 'system_id' | 'name' | 'time_zone' | 'tolerance_minutes'>

/** Writes down each tick that nothing is known of yet, and tells people of those that are later than the schedule tolerates. */
export async function noteMissed(
  house: House,
  tx: Tx,
  { schedule, missed }: { readonly schedule: Concerned; readonly missed: Missed },
): Promise<void> {
  const now = house.clock.now()
  const { id, tenant_id } = schedule
  const isNew = await insertMissedTicks(
    tx,
    missed.ticks.map(({ tick, at }) => ({
      schedule_id: id,
      tenant_id,
      tick,
      planned_at: at,
      missed_at: now,
      missed_because: missed.because,
      created_at: now,
    })),
  )
  const toleratedMs = schedule.tolerance_minutes * durations.minute
  const late = missed.ticks.filter(({ tick, at }) => isNew.has(tick.getTime()) && now.getTime() - at.getTime() > toleratedMs)
  if (late.length > 0) await tellMissed(house, tx, { schedule, missed: { ...missed, ticks: late } })
}

/** Opens the alert of this schedule, or adds to it: the next completed backup settles it. */
export async function tellMissed(
  house: House,
  tx: Tx,
  { schedule, missed }: { readonly schedule: Concerned; readonly missed: Missed },
): Promise<void> {
  const { id, tenant_id: tenantId, system_id: systemId, name, time_zone: timeZone } = schedule
  const [first, last] = [missed.ticks[0]!, missed.ticks.at(-1)!]
  const count = missed.ticks.length
  const times =
    count === 1
      ? `its time of ${printLocal(first.tick, timeZone)}`
      : `${missed.isCutShort ? 'more than ' : ''}${count} times from ${printLocal(first.tick, timeZone)} to ${printLocal(last.tick, timeZone)}`
  await raiseAlert(house, tx, {
    kind: 'schedule-missed',
    concerns: id,
    tenantId,
    systemId,
    subject: { kind: 'schedule', id, name },
    fact: `schedule ${name} missed ${times} (${timeZone}): ${missed.fact ?? becauseWords(missed.because)}`,
    hint: hintOf(missed.because),
    facts: { because: missed.because, first: first.tick.toISOString(), last: last.tick.toISOString(), count },
  })
}

/** Once a backup of it is completed, or nobody waits for one any more. */
export async function settleMissed(
  house: House,
  tx: Tx,
  { id, because }: { readonly id: string; readonly because: string },
): Promise<void> {
  await settleAlert(house, tx, { kind: 'schedule-missed', concerns: id, because })
}

const untakenAtOnceMax = 200

/** Finds the ticks whose backup waits for a worker for too long. The backup stays in the queue. Returns how many. */
export async function noteUntaken(house: House): Promise<number> {
  return await house.catalog.as(everything, async (tx) => {
    const now = house.clock.now()
    const untaken = await lockUntakenTicks(tx, now, untakenAtOnceMax)
    for (const { schedule_id: id, tick, planned_at: at, ...schedule } of untaken) {
      await noteTick(tx, { schedule_id: id, tick, missed_at: now, missed_because: 'not-taken' })
      await updateSchedule(tx, id, { last_status: 'missed' })
      const fact = `no worker took its backup within ${printDuration(schedule.tolerance_minutes * durations.minute)}`
      await tellMissed(house, tx, { schedule: { id, ...schedule }, missed: { ticks: [{ tick, at }], because: 'not-taken', fact } })
    }
    return untaken.length
  })
}

export function becauseWords(because: MissedBecause): string {
  switch (because) {
    case 'service-away':
      return 'no service was there to run it'
    case 'clock-set':
      return 'the clock went past it, or the machine stood still'
    case 'too-old':
      return 'when a service was there again, it was older than what is caught up'
    case 'waiting':
      return 'the backup before it still waited for a worker'
    case 'not-taken':
      return 'no worker took its backup in time'
    case 'refused':
      return 'its backup could not begin'
    default:
      return unreachable(because)
  }
}

function hintOf(because: MissedBecause): string {
  switch (because) {
    case 'service-away':
      return 'Find out why the service was down; the newest missed time is caught up by itself, as the schedule says.'
    case 'clock-set':
      return 'Look at the clock of the machine and at its time service.'
    case 'too-old':
      return 'Make a backup now, or let the schedule catch up what is older.'
    case 'waiting':
    case 'not-taken':
      return 'Look whether a worker runs and what it is busy with; the backup is made as soon as one takes it.'
    case 'refused':
      return 'Change the schedule or its system so that a backup can begin, or remove the schedule.'
    default:
      return unreachable(because)
  }
}
