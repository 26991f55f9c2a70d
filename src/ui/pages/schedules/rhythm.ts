/** How often something runs, as people choose it; the service has it as a cron expression. */
export type Rhythm =
  | { readonly kind: 'minutes'; readonly every: number }
  | { readonly kind: 'hourly'; readonly every: number; readonly minute: number }
  | { readonly kind: 'daily'; readonly time: string }
  | { readonly kind: 'weekly'; readonly days: readonly number[]; readonly time: string }
  | { readonly kind: 'monthly'; readonly day: number; readonly time: string }
  | { readonly kind: 'own'; readonly expression: string }
export type RhythmKind = Rhythm['kind']

/** Those that divide an hour and a day evenly: otherwise the gaps would differ. */
export const minuteSteps = [5, 10, 15, 20, 30] as const
export const hourSteps = [1, 2, 3, 4, 6, 8, 12] as const

export const rhythmWords: Readonly<Record<RhythmKind, string>> = {
  minutes: 'Every few minutes',
  hourly: 'Every few hours',
  daily: 'Every day',
  weekly: 'On days of the week',
  monthly: 'Once a month',
  own: 'Own expression',
}

/** What each kind begins with. */
export function firstOf(kind: RhythmKind, expression: string): Rhythm {
  switch (kind) {
    case 'minutes':
      return { kind, every: 15 }
    case 'hourly':
      return { kind, every: 1, minute: 0 }
    case 'daily':
      return { kind, time: '02:00' }
    case 'weekly':
      return { kind, days: [0], time: '03:00' }
    case 'monthly':
      return { kind, day: 1, time: '03:00' }
    case 'own':
      return { kind, expression }
  }
}

export function cronOf(rhythm: Rhythm): string {
  switch (rhythm.kind) {
    case 'minutes':
      return `*/${rhythm.every} * * * *`
    case 'hourly':
      return `${rhythm.minute} ${rhythm.every === 1 ? '*' : `*/${rhythm.every}`} * * *`
    case 'daily':
      return `${clockOf(rhythm.time)} * * *`
    case 'weekly':
      return `${clockOf(rhythm.time)} * * ${rhythm.days.toSorted((a, b) => a - b).join(',')}`
    case 'monthly':
      return `${clockOf(rhythm.time)} ${rhythm.day} * *`
    case 'own':
      return rhythm.expression
  }
}

/** `02:30` → `30 2`. */
function clockOf(time: string): string {
  const [hour, minute] = time.split(':').map(Number)
  return `${minute ?? 0} ${hour ?? 0}`
}

/** What somebody could have chosen to get that expression; `own` where nobody could. */
export function rhythmOf(expression: string): Rhythm {
  const own: Rhythm = { kind: 'own', expression }
  const [minute = '', hour = '', day = '', month = '', weekday = '', ...more] = expression.trim().split(/ +/)
  if (more.length > 0 || month !== '*') return own
  const found = regular({ minute, hour, day, weekday }) ?? own
  // Only what leads back to just the same.
  return sameTimes(cronOf(found), expression) ? found : own
}

type Fields = Readonly<Record<'minute' | 'hour' | 'day' | 'weekday', string>>

function regular({ minute, hour, day, weekday }: Fields): Rhythm | undefined {
  const isEveryDay = day === '*' && weekday === '*'
  const step = /^\*\/(\d+)$/.exec(minute)
  if (step && hour === '*' && isEveryDay && isOneOf(minuteSteps, Number(step[1]))) return { kind: 'minutes', every: Number(step[1]) }
  if (!isWhole(minute, 59)) return undefined
  if (hour === '*' && isEveryDay) return { kind: 'hourly', every: 1, minute: Number(minute) }
  const hours = /^\*\/(\d+)$/.exec(hour)
  if (hours && isEveryDay && isOneOf(hourSteps, Number(hours[1])))
    return { kind: 'hourly', every: Number(hours[1]), minute: Number(minute) }
  if (!isWhole(hour, 23)) return undefined
  const time = `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`
  if (isEveryDay) return { kind: 'daily', time }
  if (day === '*' && /^[0-7](,[0-7])*$/.test(weekday))
    return { kind: 'weekly', days: [...new Set(weekday.split(',').map((one) => Number(one) % 7))], time }
  return weekday === '*' && isWhole(day, 31) && Number(day) >= 1 ? { kind: 'monthly', day: Number(day), time } : undefined
}

function isOneOf(steps: readonly number[], step: number): boolean {
  return steps.includes(step)
}

function isWhole(text: string, max: number): boolean {
  return /^\d{1,2}$/.test(text) && Number(text) <= max
}

/** Weekdays may be written as 7 for Sunday, and in any order. */
function sameTimes(one: string, other: string): boolean {
  return normal(one) === normal(other)
}

function normal(expression: string): string {
  const fields = expression.trim().split(/ +/)
  const days = (fields[4] ?? '').split(',').map((day) => (day === '7' ? '0' : day))
  return [...fields.slice(0, 4), [...new Set(days)].toSorted().join(',')].map((field) => field.replace(/^0(\d)$/, '$1')).join(' ')
}
