import { durations, printBytes, printDuration } from '#base/units.ts'
import type { BackupType } from '#contract/backups.ts'
import { weekdays, type Follows } from '#contract/schedules.ts'
import { median, predict, type Prediction } from '#service/backups/prediction.ts'
import { blackoutEnd } from './blackouts.ts'
import { ticksOf } from './cron.ts'
import { localTime, whenLocal } from './local-time.ts'
import { plannedAfter, plannedUntilNone, type Plan } from './plan.ts'

/** A backup that was completed. */
export interface Observed {
  readonly type: BackupType
  readonly at: Date
  readonly seconds: number | null
  /** Not known to the repository before. */
  readonly newBytes: number | null
  readonly storedBytes: number | null
  readonly logicalBytes: number | null
}

export interface ProposalBasis {
  readonly plan: Plan
  readonly type: BackupType
  /** Of all types, in the order of time. */
  readonly observed: readonly Observed[]
  readonly rpoMinutes: number | null
  readonly bounds: Follows
  readonly now: Date
}

export interface Proposal {
  readonly cronExpression: string
  /** False when that runs just when the schedule does already, however it is written. */
  readonly isChange: boolean
  readonly intervalMinutes: number
  /** Why, one sentence each. */
  readonly reasons: readonly string[]
  readonly newBytesPerHour: number | null
  /** Of the day, on the wall, in which backups took long. */
  readonly busyHours: readonly number[]
  readonly next: { readonly storedBytes: Prediction; readonly durationSeconds: Prediction }
}

/** Without an objective: no more than this share of a system is new in a backup. */
const changedShareMax = 0.01
/** Of the time, in which backups run. */
const runningShareMax = 0.25
/** Fewer say nothing of a rate, or of an hour. */
const observedMin = 3
/** A busy hour is one in which backups take so many times as long as they usually do. */
const busyFactor = 1.5

/** Minutes that a cron expression can say evenly. */
const intervals = [15, 20, 30, ...[1, 2, 3, 4, 6, 8, 12, 24, 168].map((hours) => hours * 60)] as const

/** Runs that are looked at to find out whether two expressions say the same: a week of hourly ones. */
const comparedRuns = 170

/** How often, and when. It only says so: whoever asked decides. */
export function propose(basis: ProposalBasis): Proposal {
  const own = basis.observed.filter(({ type }) => type === basis.type)
  const reasons: string[] = []
  const newBytesPerHour = rateOf(own)
  const intervalMinutes = intervalOf(basis, { own, newBytesPerHour, reasons })
  const busyHours = busyHoursOf(basis)
  const cronExpression = cronOf(basis, { intervalMinutes, busyHours, reasons })
  sayLongestGap(basis, { cronExpression, own, reasons })
  return {
    cronExpression,
    isChange: runsOf(basis, cronExpression) !== runsOf(basis, basis.plan.cronExpression),
    intervalMinutes,
    reasons,
    newBytesPerHour,
    busyHours,
    next: {
      storedBytes: predict(own.flatMap(({ storedBytes }) => storedBytes ?? [])),
      durationSeconds: predict(own.flatMap(({ seconds }) => seconds ?? [])),
    },
  }
}

function runsOf({ plan, now }: ProposalBasis, cronExpression: string): string {
  return ticksOf(cronExpression, plan.timeZone, now).take(comparedRuns).toArray().join()
}

/** The middle one of the rates from each backup to the next. The first one is new as a whole, and says nothing. */
function rateOf(own: readonly Observed[]): number | null {
  const rates = own.slice(1).flatMap(({ at, newBytes }, index) => {
    const hours = (at.getTime() - own[index]!.at.getTime()) / durations.hour
    return newBytes === null || hours <= 0 ? [] : newBytes / hours
  })
  return rates.length < observedMin ? null : median(rates)
}

interface Reasoning {
  readonly own: readonly Observed[]
  readonly newBytesPerHour: number | null
  readonly reasons: string[]
}

function intervalOf({ rpoMinutes, bounds }: ProposalBasis, { own, newBytesPerHour, reasons }: Reasoning): number {
  const longest = longestMinutes(own)
  const byChange = minutesByChange(own, newBytesPerHour, reasons)
  const least = Math.max(bounds.minutesMin, longest / runningShareMax)
  let minutes = Math.max(byChange ?? bounds.minutesMax, least)
  if (rpoMinutes !== null) {
    // A recovery point is as old as its backup's beginning, and there only at its end.
    const byObjective = rpoMinutes - longest
    reasons.push(
      `The objective is to lose ${print(rpoMinutes)} at most; a backup takes up to ${print(longest)}, so that the next one begins within ${print(Math.max(byObjective, 0))}.`,
    )
    if (byObjective < bounds.minutesMin)
      reasons.push(`That is more often than the ${print(bounds.minutesMin)} that are allowed: the objective cannot be met by a schedule.`)
    minutes = Math.min(minutes, byObjective)
  } else reasons.push('The system has no objective of how much may be lost; with one, it would decide.')
  const within = Math.min(Math.max(minutes, bounds.minutesMin), bounds.minutesMax)
  const chosen =
    intervals.findLast((one) => one <= within && one >= bounds.minutesMin) ?? intervals.find((one) => one >= bounds.minutesMin)!
  reasons.push(
    `So a backup begins every ${print(chosen)}, within the bounds of ${print(bounds.minutesMin)} to ${print(bounds.minutesMax)}.`,
  )
  return chosen
}

function minutesByChange(own: readonly Observed[], newBytesPerHour: number | null, reasons: string[]): number | undefined {
  const logical = own.at(-1)?.logicalBytes ?? null
  if (newBytesPerHour === null || logical === null) {
    reasons.push(`How much changes is not known yet: that takes ${observedMin + 1} backups, and there are ${own.length}.`)
    return undefined
  }
  const share = `${printBytes(newBytesPerHour)} of ${printBytes(logical)} are new in an hour`
  if (newBytesPerHour === 0) {
    reasons.push('Nothing was new in most backups.')
    return undefined
  }
  const minutes = ((changedShareMax * logical) / newBytesPerHour) * 60
  reasons.push(`About ${share}, one part in a hundred in ${print(Math.max(minutes, 1))}.`)
  return minutes
}

function longestMinutes(own: readonly Observed[]): number {
  return Math.max(0, ...own.slice(-10).flatMap(({ seconds }) => (seconds === null ? [] : seconds / 60)))
}

/** Those in which backups took long, each measured by what its type usually takes. */
function busyHoursOf({ observed, plan }: ProposalBasis): number[] {
  const usual = new Map(
    observed.map(({ type }) => [type, median(observed.flatMap((one) => (one.type === type ? (one.seconds ?? []) : [])))]),
  )
  const slowness = new Map<number, number[]>()
  for (const { type, at, seconds } of observed) {
    const usually = usual.get(type) ?? 0
    if (seconds === null || usually === 0) continue
    const hour = hourOf(at, plan.timeZone)
    slowness.set(hour, [...(slowness.get(hour) ?? []), seconds / usually])
  }
  return [...slowness]
    .filter(([, factors]) => factors.length >= observedMin && median(factors) > busyFactor)
    .map(([hour]) => hour)
    .toSorted((a, b) => a - b)
}

interface Choosing {
  readonly intervalMinutes: number
  readonly busyHours: readonly number[]
  readonly reasons: string[]
}

function cronOf(basis: ProposalBasis, { intervalMinutes, busyHours, reasons }: Choosing): string {
  const current = currentOf(basis)
  const avoided = (hour: number) => busyHours.includes(hour) || isBlackedOut(basis, hour, current.minute)
  if (intervalMinutes < 60) {
    if (busyHours.length > 0) reasons.push(`${hoursWords(busyHours)} are busy, and cannot be avoided at that interval.`)
    return `*/${intervalMinutes} * * * *`
  }
  const step = Math.min(intervalMinutes / 60, 24)
  const hoursFrom = (first: number) => Array.from({ length: 24 / step }, (_, index) => first + index * step)
  // As few avoided hours as there can be; among equals the one nearest to what it is now.
  const [first] = Array.from({ length: step }, (_, offset) => offset).toSorted(
    (a, b) =>
      hoursFrom(a).filter(avoided).length - hoursFrom(b).filter(avoided).length ||
      distance(a, current.hour % step, step) - distance(b, current.hour % step, step),
  )
  sayHours({ hours: hoursFrom(first!), busyHours, reasons })
  const hours = step === 24 ? String(first) : step === 1 ? '*' : hoursFrom(first!).join(',')
  const days = intervalMinutes > 24 * 60 ? String(current.weekday) : '*'
  return `${current.minute} ${hours} * * ${days}`
}

function sayHours({
  hours,
  busyHours,
  reasons,
}: {
  readonly hours: readonly number[]
  readonly busyHours: readonly number[]
  readonly reasons: string[]
}): void {
  if (busyHours.length === 0) return void reasons.push('No hour of the day was seen in which backups take longer than usual.')
  const left = hours.filter((hour) => busyHours.includes(hour))
  reasons.push(
    `${hoursWords(busyHours)} are busy: backups took more than ${busyFactor} times as long as usual then. ${left.length === 0 ? 'None begins in them.' : `Of these, ${hoursWords(left)} cannot be avoided.`}`,
  )
}

function hoursWords(hours: readonly number[]): string {
  return `the hours from ${hours.map((hour) => `${String(hour).padStart(2, '0')}:00`).join(', ')}`
}

/** From one hour of the clock to another, the shorter way round. */
function distance(a: number, b: number, round: number): number {
  const apart = Math.abs(a - b)
  return Math.min(apart, round - apart)
}

/** When it begins now, on the wall: what is right as it is stays. */
function currentOf({ plan, now }: ProposalBasis): { readonly minute: number; readonly hour: number; readonly weekday: number } {
  const { tick } = plannedAfter({ ...plan, blackouts: [] }, now).next().value
  const { clock, weekday } = localTime(tick, plan.timeZone)
  return { minute: Number(clock.slice(3)), hour: Number(clock.slice(0, 2)), weekday }
}

/** On most days of the week. */
function isBlackedOut({ plan, now }: ProposalBasis, hour: number, minute: number): boolean {
  const clock = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
  const daily = plan.blackouts.filter(({ kind }) => kind === 'daily')
  const days = weekdays.filter((_, daysLater) => blackoutEnd(daily, plan.timeZone, whenLocal(now, plan.timeZone, { daysLater, clock })))
  return days.length > weekdays.length / 2
}

/** Blackouts may leave a gap that the objective does not allow: that is said, and theirs to decide. */
function sayLongestGap(
  { plan, now, rpoMinutes }: ProposalBasis,
  { cronExpression, own, reasons }: { readonly cronExpression: string; readonly own: readonly Observed[]; readonly reasons: string[] },
): void {
  if (plan.blackouts.length === 0 || rpoMinutes === null) return
  let [before, longestMs] = [now, 0]
  for (const { at } of plannedUntilNone({ ...plan, cronExpression }, now)) {
    longestMs = Math.max(longestMs, at.getTime() - before.getTime())
    before = at
    if (at.getTime() > now.getTime() + 8 * durations.day) break
  }
  if (longestMs / durations.minute + longestMinutes(own) > rpoMinutes)
    reasons.push(`The blackouts leave up to ${printDuration(longestMs)} without a backup, which is more than the objective allows.`)
}

function hourOf(at: Date, timeZone: string): number {
  return Number(localTime(at, timeZone).clock.slice(0, 2))
}

function print(minutes: number): string {
  return printDuration(minutes * durations.minute)
}
