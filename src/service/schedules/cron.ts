import { CronExpressionParser } from 'cron-parser'
import { Fault, messageOf } from '#base/fault.ts'

/** When a schedule runs next, after `after`. INPUT_INVALID when it never does, or is none. */
export function nextRuns(
  cronExpression: string,
  timeZone: string,
  { after, count }: { readonly after: Date; readonly count: number },
): Date[] {
  assertTimeZone(timeZone)
  try {
    const expression = CronExpressionParser.parse(cronExpression, { currentDate: after, tz: timeZone })
    return Array.from({ length: count }, () => expression.next().toDate())
  } catch (cause) {
    throw new Fault(
      'INPUT_INVALID',
      `"${cronExpression}" is no cron expression: ${messageOf(cause)}`,
      { field: 'cronExpression' },
      { cause },
    )
  }
}

function assertTimeZone(timeZone: string): void {
  try {
    // Throws a RangeError for a name that the machine's time zone data does not have.
    Intl.DateTimeFormat('en', { timeZone })
  } catch (cause) {
    throw new Fault('INPUT_INVALID', `there is no time zone ${timeZone}`, { field: 'timeZone' }, { cause })
  }
}
