import { createHash } from 'node:crypto'
import { Fault, isFault } from '#base/fault.ts'
import { durations, printDuration } from '#base/units.ts'
import type { Blackout, Upcoming } from '#contract/schedules.ts'
import { blackoutEnd, blackoutWords } from './blackouts.ts'
import { cronWords, ticksOf } from './cron.ts'
import { localTime, printLocal, printOffset } from './local-time.ts'

/** When a schedule runs: what is shown is made by what fires. */
export interface Plan {
  /** From which the jitter comes; undefined before there is a schedule. */
  readonly id?: string | undefined
  readonly cronExpression: string
  readonly timeZone: string
  readonly blackouts: readonly Blackout[]
  readonly jitterMinutes: number
}

export interface Planned {
  readonly tick: Date
  /** The tick and its jitter. */
  readonly at: Date
}

const runsShown = 5
/** So many ticks in a row that all lie in blackouts: a year of daily ones. */
const blackedOutMax = 400
/** What lies in a blackout for so long is never. */
const farMs = 20 * 366 * durations.day

/** The runs whose tick is after `after`, in order. INPUT_INVALID when all that there would be lies in blackouts. */
export function* plannedAfter(plan: Plan, after: Date): Generator<Planned, never> {
  const { cronExpression, timeZone, blackouts } = plan
  let ticks = ticksOf(cronExpression, timeZone, after)
  let tick = ticks.next().value
  let free = after
  for (let blackedOut = 0; ;) {
    if (blackedOut > blackedOutMax || (blackedOut > 0 && tick.getTime() - free.getTime() > farMs)) throw noSlot(plan)
    const end = blackoutEnd(blackouts, timeZone, tick)
    if (!end) {
      const boundMs = plan.id === undefined ? 0 : plan.jitterMinutes * durations.minute
      const following = boundMs === 0 ? undefined : ticks.next().value
      yield { tick, at: following ? jittered(plan, tick, Math.min(boundMs, following.getTime() - tick.getTime())) : tick }
      free = tick
      tick = following ?? ticks.next().value
      blackedOut = 0
      continue
    }
    blackedOut += 1
    const next = ticks.next().value
    if (next >= end) tick = next
    else {
      // Not through each minute of a long one. Ticks are whole seconds: the end itself may be one.
      ticks = ticksOf(cronExpression, timeZone, new Date(end.getTime() - durations.second))
      tick = ticks.next().value
    }
  }
}

/** The first of them. INPUT_INVALID for what would never run. */
export function firstAfter(plan: Plan, after: Date): Planned {
  return plannedAfter(plan, after).next().value
}

/** The same share of the bound each time that it is asked for; before the next tick, and never in a blackout. */
function jittered({ id, timeZone, blackouts }: Plan, tick: Date, boundMs: number): Date {
  const share = createHash('sha256').update(`${id} ${tick.toISOString()}`).digest().readUInt32BE() / 2 ** 32
  const at = new Date(tick.getTime() + Math.floor((share * boundMs) / durations.second) * durations.second)
  return blackoutEnd(blackouts, timeZone, at) ? tick : at
}

function noSlot({ cronExpression, blackouts }: Plan): Fault {
  return new Fault(
    'INPUT_INVALID',
    `the blackouts leave no time: all that "${cronExpression}" names lies in them (${blackouts.map(blackoutWords).join('; ')})`,
    { field: 'blackouts' },
  )
}

/** The next five, with the clock on the wall. */
export function upcoming(plan: Plan, now: Date): Upcoming[] {
  const { timeZone } = plan
  let { offsetMs: before } = localTime(now, timeZone)
  return plannedUntilNone(plan, now)
    .take(runsShown)
    .map(({ tick, at }) => {
      const { offsetMs } = localTime(at, timeZone)
      const note = offsetMs === before ? null : changeWords(before, offsetMs)
      before = offsetMs
      return { at: at.toISOString(), tick: tick.toISOString(), local: printLocal(at, timeZone), utcOffset: printOffset(offsetMs), note }
    })
    .toArray()
}

function changeWords(before: number, after: number): string {
  const direction = after > before ? 'forward' : 'back'
  const by = printDuration(Math.abs(after - before))
  return `before it the clocks go ${direction} by ${by}, from UTC${printOffset(before)} to UTC${printOffset(after)}`
}

/** `At 02:30, in Europe/Berlin; up to 10 minutes later; never from 08:00 to 18:00`. */
export function planWords({ cronExpression, timeZone, blackouts, jitterMinutes }: Plan): string {
  return [
    `${cronWords(cronExpression)}, in ${timeZone}`,
    ...(jitterMinutes === 0 ? [] : [`up to ${jitterMinutes === 1 ? 'a minute' : `${jitterMinutes} minutes`} later`]),
    ...blackouts.map(blackoutWords),
  ].join('; ')
}

export interface Due {
  /** In order; the last one is the newest. */
  readonly due: readonly Planned[]
  /** True when there were more between the first ones and the newest than are told one by one. */
  readonly isCutShort: boolean
  /** Undefined when the blackouts leave none any more. */
  readonly next: Planned | undefined
}

/** Told one by one, of those that nobody was there for. */
const dueMax = 1_000

/** What has come due since `first`, itself included, and what comes next. */
export function dueSince(plan: Plan, first: Planned, now: Date): Due {
  const due = [first]
  for (const planned of plannedUntilNone(plan, first.tick)) {
    if (planned.at > now) return { due, isCutShort: false, next: planned }
    if (due.length === dueMax) {
      const { newest, next } = newestUntil(plan, planned, now)
      return { due: [...due, newest], isCutShort: true, next }
    }
    due.push(planned)
  }
  return { due, isCutShort: false, next: undefined }
}

/** Not through all ticks of a long time: from nearer to farther, until there is one. */
function newestUntil(plan: Plan, atLeast: Planned, now: Date): { readonly newest: Planned; readonly next: Planned | undefined } {
  for (const backMs of [2 * durations.hour, 2 * durations.day, 60 * durations.day, now.getTime() - atLeast.tick.getTime()]) {
    let newest: Planned | undefined
    for (const planned of plannedUntilNone(plan, new Date(now.getTime() - backMs))) {
      if (planned.at > now && newest) return { newest, next: planned }
      if (planned.at > now) break
      newest = planned
    }
  }
  return { newest: atLeast, next: undefined }
}

/** Ends where blackouts leave none any more: whoever asks has no next one then, and says so. */
export function* plannedUntilNone(plan: Plan, after: Date): Generator<Planned> {
  try {
    yield* plannedAfter(plan, after)
  } catch (error) {
    if (!isFault(error, 'INPUT_INVALID')) throw error
  }
}

/** The first run that is not over yet. */
export function nextAt(plan: Plan, now: Date): Planned | undefined {
  return plannedUntilNone(plan, now).next().value ?? undefined
}
