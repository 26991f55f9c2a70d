import { CronExpressionParser, type CronExpression } from 'cron-parser'
import cronstrue from 'cronstrue'
import { Fault, messageOf } from '#base/fault.ts'

/** The times that a cron expression names in a time zone, after `after`. INPUT_INVALID when there are none, or it is none. */
export function* ticksOf(cronExpression: string, timeZone: string, after: Date): Generator<Date, never> {
  const expression = parsed(cronExpression, timeZone, after)
  for (;;) yield told(cronExpression, () => expression.next().toDate())
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

function parsed(cronExpression: string, timeZone: string, after: Date): CronExpression {
  assertTimeZone(timeZone)
  // cron-parser's "H" is another minute each time that it is read: what is shown would not be what happens.
  if (/(^|[\s,])H/i.test(cronExpression)) throw noCron(cronExpression, 'H is not supported; use the jitter')
  return told(cronExpression, () => CronExpressionParser.parse(cronExpression, { currentDate: after, tz: timeZone }))
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

function assertTimeZone(timeZone: string): void {
  try {
    // Throws a RangeError for a name that the machine's time zone data does not have.
    Intl.DateTimeFormat('en', { timeZone })
  } catch (cause) {
    throw new Fault('INPUT_INVALID', `there is no time zone ${timeZone}`, { field: 'timeZone' }, { cause })
  }
}
