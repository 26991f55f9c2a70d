import { CronExpressionParser } from 'cron-parser'
import cronstrue from 'cronstrue'
import { Fault, messageOf } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import { momentsOf, offsetAt } from './local-time.ts'

/** Clocks are never set by more. */
const changeMsMax = 3 * durations.hour

/**
 * The times that a cron expression names in a time zone, after `after`: the same ones wherever it begins. INPUT_INVALID when there
 * are none, or it is none.
 *
 * cron-parser is asked for times on the wall, as if there were no zones: by itself it names another time where it begins in an hour
 * that comes twice, and finds none any more where clocks change by half an hour.
 */
export function* ticksOf(cronExpression: string, timeZone: string, after: Date): Generator<Date, never> {
  assertTimeZone(timeZone)
  const isHourly = /^\S+ +\*(\/1)? /.test(cronExpression)
  let last = after
  // What the clocks put off, or show twice, waits for what comes before it.
  const waiting: Date[] = []
  const walls = wallsOf(cronExpression, beginOnWall(after, timeZone))
  for (;;) {
    const { first, again, isLeftOut, isNearChange } = momentsOf(walls.next().value, timeZone)
    // What is put off comes later than some that follow it: nothing before it is sure yet.
    const sure = isLeftOut ? last : first
    while (waiting[0] && waiting[0] < sure) {
      const next = waiting.shift()!
      if (next > last) yield (last = next)
    }
    if (!isNearChange) {
      if (first > last) yield (last = first)
      continue
    }
    waiting.push(first, ...(isHourly && again ? [again] : []))
    waiting.sort((one, other) => one.getTime() - other.getTime())
  }
}

/** Before a change that may still put something off. */
function beginOnWall(after: Date, timeZone: string): Date {
  const ms = after.getTime()
  const isNearChange = offsetAt(ms - changeMsMax, timeZone) !== offsetAt(ms + changeMsMax, timeZone)
  return new Date(ms + offsetAt(ms, timeZone) - (isNearChange ? changeMsMax : 0))
}

/** The first of them. */
export function nextRuns(
  cronExpression: string,
  timeZone: string,
  { after, count }: { readonly after: Date; readonly count: number },
): Date[] {
  return ticksOf(cronExpression, timeZone, after).take(count).toArray()
}

/** `At 02:30, Monday through Friday`. */
export function cronWords(cronExpression: string): string {
  try {
    return cronstrue.toString(cronExpression, { use24HourTimeFormat: true })
  } catch (error) {
    // cronstrue throws texts. What fires is cron-parser, and it has taken this expression: there are no better words for it.
    if (typeof error !== 'string') throw error
    return `As "${cronExpression}" says`
  }
}

/** Times on the wall, as if they were UTC. */
function* wallsOf(cronExpression: string, after: Date): Generator<Date, never> {
  // cron-parser's "H" is another minute each time that it is read: what is shown would not be what happens.
  if (/(^|[\s,])H/i.test(cronExpression)) throw noCron(cronExpression, 'H is not supported; use the jitter')
  const expression = told(cronExpression, () => CronExpressionParser.parse(cronExpression, { currentDate: after, tz: 'UTC' }))
  for (;;) yield told(cronExpression, () => expression.next().toDate())
}

function told<T>(cronExpression: string, ask: () => T): T {
  try {
    return ask()
  } catch (cause) {
    throw noCron(cronExpression, messageOf(cause), cause)
  }
}

function noCron(cronExpression: string, why: string, cause?: unknown): Fault {
  return new Fault('INPUT_INVALID', `"${cronExpression}" is no cron expression: ${why}`, { field: 'cronExpression' }, { cause })
}

/** INPUT_INVALID when the machine's time zone data does not have it. */
export function assertTimeZone(timeZone: string): void {
  try {
    // Throws a RangeError for a name that the machine's time zone data does not have.
    Intl.DateTimeFormat('en', { timeZone })
  } catch (cause) {
    throw new Fault('INPUT_INVALID', `there is no time zone ${timeZone}`, { field: 'timeZone' }, { cause })
  }
}
