import { durations, printBytes } from '#base/units.ts'

export interface DayOfSpace {
  readonly at: Date
  readonly storedBytes: number
}

/** Bytes per day: the middle of what was seen, and where half of it lies. */
export interface Growth {
  readonly bytesPerDay: number
  readonly low: number
  readonly high: number
}

export interface Forecast {
  readonly growth: Growth | null
  /** Null where it does not grow, or nobody knows what is free. */
  readonly fullInDays: number | null
  /** Half of what was seen says between these; `latest` null: or never. */
  readonly earliestInDays: number | null
  readonly latestInDays: number | null
  /** All of this for people, with how far it is to be believed. */
  readonly words: string
}

const daysMin = 4
const samplesMax = 90
/** Beyond ten years nobody plans, and nothing that grows by a few bytes is told to fill. */
const daysShownMax = 3650

/**
 * The slope of Theil and Sen: the median of the slopes between each two days. A day on which much was imported, or pruned,
 * moves it little, where a line of least squares would follow it.
 */
export function growthOf(days: readonly DayOfSpace[]): Growth | null {
  const seen = days.toSorted((a, b) => a.at.getTime() - b.at.getTime()).slice(-samplesMax)
  const [first, last] = [seen[0], seen.at(-1)]
  if (!first || !last || daysBetween(first, last) < daysMin) return null
  const slopes: number[] = []
  for (const [index, earlier] of seen.entries())
    for (const later of seen.slice(index + 1)) {
      const apart = daysBetween(earlier, later)
      // Two looks within hours tell of the hours.
      if (apart >= 0.5) slopes.push((later.storedBytes - earlier.storedBytes) / apart)
    }
  const sorted = slopes.toSorted((a, b) => a - b)
  return { bytesPerDay: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) }
}

function daysBetween(earlier: DayOfSpace, later: DayOfSpace): number {
  return (later.at.getTime() - earlier.at.getTime()) / durations.day
}

function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)]!
  return below + (sorted[Math.ceil(place)]! - below) * (place - Math.floor(place))
}

export function forecast(days: readonly DayOfSpace[], freeBytes: number | null): Forecast {
  const growth = growthOf(days)
  const nothing = { growth, fullInDays: null, earliestInDays: null, latestInDays: null }
  if (!growth) return { ...nothing, words: `seen for less than ${daysMin} days: too short to say how it grows` }
  const speed = `it grows by about ${printBytes(Math.max(0, growth.bytesPerDay))} a day`
  if (freeBytes === null) return { ...nothing, words: `${speed}; how much is free is not known, so nobody can say when it is full` }
  if (growth.bytesPerDay <= 0 && growth.high <= 0) return { ...nothing, words: 'it does not grow' }
  const until = (bytesPerDay: number) => (bytesPerDay > 0 && freeBytes / bytesPerDay <= daysShownMax ? freeBytes / bytesPerDay : null)
  const found = { fullInDays: until(growth.bytesPerDay), earliestInDays: until(growth.high), latestInDays: until(growth.low) }
  return { growth, ...found, words: wordsOf(found, speed) }
}

function wordsOf(
  { fullInDays, earliestInDays, latestInDays }: Pick<Forecast, 'fullInDays' | 'earliestInDays' | 'latestInDays'>,
  speed: string,
): string {
  if (earliestInDays === null) return `${speed}: not full within ten years`
  const range = `${print(earliestInDays)} at the earliest, ${latestInDays === null ? 'or not within ten years' : `${print(latestInDays)} at the latest`}`
  if (fullInDays === null) return `growth is uneven: full in ${range}, by half of what was seen`
  const isSure = latestInDays !== null && latestInDays <= 2 * earliestInDays
  return `${speed}: full in about ${print(fullInDays)} (${range}, by half of what was seen${isSure ? '' : '; growth is uneven, so this is rough'})`
}

function print(days: number): string {
  const whole = Math.floor(days)
  return whole < 1 ? 'less than a day' : `${whole} ${whole === 1 ? 'day' : 'days'}`
}
