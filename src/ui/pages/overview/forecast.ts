import { durations } from '#base/units.ts'

export interface Point {
  /** In milliseconds. */
  readonly at: number
  readonly stored?: number
  readonly forecast?: number
}

interface Looks {
  readonly days: readonly { readonly at: string; readonly storedBytes: number }[]
  readonly growthBytesPerDay: number | null
}

/** Not further ahead than it was seen before, and a quarter of a year at most. */
const aheadDaysMax = 90
const steps = 6

/** What was seen, and behind the last look a straight line at the growth that the service has fitted; none while it has not. */
export function forecastOf({ days, growthBytesPerDay: growth }: Looks): Point[] {
  const seen = days.map(({ at, storedBytes }) => ({ at: Date.parse(at), stored: storedBytes })).toSorted((a, b) => a.at - b.at)
  const [first, last] = [seen[0], seen.at(-1)]
  if (first === undefined || last === undefined || growth === null) return seen
  const aheadMs = Math.min(aheadDaysMax * durations.day, Math.max(durations.day, last.at - first.at))
  const ahead = Array.from({ length: steps }, (_none, step): Point => {
    const inMs = (aheadMs * (step + 1)) / steps
    return { at: last.at + inMs, forecast: Math.max(0, last.stored + (growth * inMs) / durations.day) }
  })
  // The line begins where the other ends.
  return [...seen.slice(0, -1), { ...last, forecast: last.stored }, ...ahead]
}
