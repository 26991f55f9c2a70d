import type { SpaceView } from '#contract/space.ts'
import type { RepositoryState } from '#contract/repositories.ts'
import { durations, printBytes } from '#base/units.ts'
import { printDay } from '#ui/instants.ts'
import { capitalized, counted, type Wording } from '#ui/words.ts'
import type { ChartRow } from '#ui/parts/time-chart-rows.ts'

export const spaceWords: Readonly<Record<SpaceView['state'], Wording>> = {
  ok: { words: 'Room enough', tone: 'good' },
  low: { words: 'Filling up', tone: 'warning' },
  unknown: { words: 'Free space not known', tone: 'unknown' },
}

/** The day it fills, with its range; otherwise why there is none. */
export function printFilling({ at, forecast }: Pick<SpaceView, 'at' | 'forecast'>): string {
  const { fullInDays, earliestInDays, latestInDays, words } = forecast
  if (at === null || fullInDays === null) return capitalized(words)
  const dayIn = (days: number) => printDay(new Date(new Date(at).getTime() + days * durations.day).toISOString())
  const about = `About ${dayIn(fullInDays)}`
  if (earliestInDays !== null && latestInDays !== null && dayIn(earliestInDays) === dayIn(latestInDays)) return about
  const earliest = earliestInDays === null ? '' : `at the earliest ${dayIn(earliestInDays)}`
  const latest = latestInDays === null ? 'or never' : `at the latest ${dayIn(latestInDays)}`
  return `${about} (${[earliest, latest].filter((part) => part !== '').join(', ')})`
}

export function printGrowth(bytesPerDay: number | null): string {
  if (bytesPerDay === null) return 'not known yet'
  if (Math.abs(bytesPerDay) < 1) return 'none'
  return `${bytesPerDay > 0 ? '' : '−'}${printBytes(Math.round(Math.abs(bytesPerDay)))} a day`
}

export function checkWords(check: RepositoryState['lastCheck']): Wording {
  if (check === undefined) return { words: 'Not checked yet', tone: 'unknown' }
  const what = check.depth === 'quick' ? 'structure' : check.share ? `share ${check.share.share} of ${check.share.of}` : 'every byte'
  if (check.isIntact) return { words: `Whole (${what})`, tone: 'good' }
  return { words: `${counted(check.findingCount, 'finding')} (${what})`, tone: 'bad' }
}

/** Days that the forecast is drawn for: not further than it was seen, and to the day it fills at most. */
const daysAheadMax = 60

interface SeenDay {
  readonly at: string
  readonly storedBytes: number
}

/** What was stored, day by day, and how it would go on. */
export function spaceRows(
  days: readonly SeenDay[],
  { growthBytesPerDay, forecast }: Pick<SpaceView, 'growthBytesPerDay' | 'forecast'>,
): ChartRow[] {
  const seen = days.map(({ at, storedBytes }): ChartRow => ({ at, values: { stored: storedBytes } }))
  const last = days.at(-1)
  if (last === undefined || growthBytesPerDay === null || days.length < 2) return seen
  const ahead = Math.max(1, Math.floor(Math.min(daysAheadMax, days.length, forecast.fullInDays ?? daysAheadMax)))
  const dayAhead = (day: number): ChartRow => ({
    at: new Date(new Date(last.at).getTime() + day * durations.day).toISOString(),
    values: { ahead: Math.max(0, Math.round(last.storedBytes + day * growthBytesPerDay)) },
  })
  const now: ChartRow = { at: last.at, values: { stored: last.storedBytes, ahead: last.storedBytes } }
  return [...seen.slice(0, -1), now, ...Array.from({ length: ahead }, (_none, day) => dayAhead(day + 1))]
}
