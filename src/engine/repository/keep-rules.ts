import { durations } from '#base/units.ts'

/** What to keep: all of the last days, the newest ones, and the newest of each hour, day, ISO week, month and year that has any. */
export interface RetentionPolicy {
  /** Everything younger than so many times 24 hours. */
  readonly days?: number
  readonly last?: number
  readonly hourly?: number
  readonly daily?: number
  readonly weekly?: number
  readonly monthly?: number
  readonly yearly?: number
  /** Whose days, weeks, months and years are meant; UTC unless it is said. */
  readonly timeZone?: string
}

export const defaultPolicy: RetentionPolicy = { daily: 7, weekly: 5, monthly: 12 }

export interface Dated {
  readonly time: Date
  readonly isGood: boolean
}

/**
 * Calls `keep` with each backup of one kind that the policy keeps, once for each rule that does. A good one stands for its
 * period, even when one with gaps is newer.
 */
export function applyPolicy<Backup extends Dated>(
  newestFirst: readonly Backup[],
  policy: RetentionPolicy,
  { now, keep }: { readonly now: Date; readonly keep: (backup: Backup, reason: string) => void },
): void {
  const { days = 0, last = 0, timeZone = 'UTC' } = policy
  for (const backup of newestFirst) {
    if (now.getTime() - backup.time.getTime() < days * durations.day) keep(backup, `younger than ${days} days`)
  }
  const good = newestFirst.filter(({ isGood }) => isGood)
  const others = newestFirst.filter(({ isGood }) => !isGood)
  for (const [at, backup] of [...good, ...others].slice(0, last).entries()) keep(backup, `last ${at + 1} of ${last}`)
  const dated = newestFirst.map((backup) => ({ backup, day: dayIn(timeZone, backup.time) }))
  for (const [name, periodOf] of periods) {
    const wanted = policy[name] ?? 0
    if (wanted === 0) continue
    const newestOf = new Map<string, Backup>()
    for (const { backup, day } of dated) {
      const period = periodOf(day, backup.time)
      const known = newestOf.get(period)
      if (!known || (!known.isGood && backup.isGood)) newestOf.set(period, backup)
    }
    for (const [period, backup] of [...newestOf].slice(0, wanted)) keep(backup, `${name} ${period}`)
  }
}

type Periodic = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly'

const periods: readonly (readonly [Periodic, (day: string, time: Date) => string])[] = [
  // The hour that is there twice in autumn is two, so hours are those of UTC.
  ['hourly', (_day, time) => `${time.toISOString().slice(0, 13)}h`],
  ['daily', (day) => day],
  ['weekly', isoWeek],
  ['monthly', (day) => day.slice(0, 7)],
  ['yearly', (day) => day.slice(0, 4)],
]

/** As `2026-03-29`: the day that the calendar on that wall shows. */
function dayIn(timeZone: string, time: Date): string {
  if (timeZone === 'UTC') return time.toISOString().slice(0, 10)
  // Swedish writes dates as ISO 8601 does.
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
  formats.set(timeZone, format)
  return format.format(time)
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** ISO 8601: the week belongs to the year of its Thursday; week 1 is that of the first Thursday. */
function isoWeek(day: string): string {
  const midnight = new Date(`${day}T00:00:00Z`)
  const thursday = new Date(midnight.getTime() + (3 - ((midnight.getUTCDay() + 6) % 7)) * durations.day)
  const year = thursday.getUTCFullYear()
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * durations.day))
  return `${year}-W${String(week).padStart(2, '0')}`
}
