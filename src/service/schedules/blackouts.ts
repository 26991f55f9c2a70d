import { durations } from '#base/units.ts'
import { weekdays, type Blackout } from '#contract/schedules.ts'
import { localTime, whenLocal, type LocalTime } from './local-time.ts'

/** When the blackout ends in which this moment lies; undefined when it lies in none. */
export function blackoutEnd(blackouts: readonly Blackout[], timeZone: string, at: Date): Date | undefined {
  if (blackouts.length === 0) return undefined
  const local = localTime(at, timeZone)
  const ends = blackouts.flatMap((blackout) => endOf(blackout, local) ?? [])
  const [first] = ends
  if (!first) return undefined
  const end = whenLocal(at, timeZone, first)
  // Where the clocks change, the end on the wall may be behind us already: the next minute is looked at by itself.
  return end > at ? end : new Date(at.getTime() + durations.minute)
}

interface LocalEnd {
  readonly daysLater: number
  readonly clock: string
}

function endOf(blackout: Blackout, { date, clock, weekday }: LocalTime): LocalEnd | undefined {
  if (blackout.kind === 'dates')
    return blackout.from <= date && date <= blackout.to ? { daysLater: daysFrom(date, blackout.to) + 1, clock: '00:00' } : undefined
  const { from, to, days } = blackout
  const isOn = (day: number) => days === undefined || days.includes(weekdays[day]!)
  if (from < to) return isOn(weekday) && from <= clock && clock < to ? { daysLater: 0, clock: to } : undefined
  if (clock >= from && isOn(weekday)) return { daysLater: 1, clock: to }
  if (clock < to && isOn((weekday + 6) % 7)) return { daysLater: 0, clock: to }
  return undefined
}

function daysFrom(date: string, later: string): number {
  return Math.round((Date.parse(later) - Date.parse(date)) / durations.day)
}

/** `never from 08:00 to 18:00 on monday and friday`. */
export function blackoutWords(blackout: Blackout): string {
  if (blackout.kind === 'dates')
    return blackout.from === blackout.to ? `never on ${blackout.from}` : `never from ${blackout.from} to ${blackout.to}`
  const days = blackout.days?.map((day) => `${day[0]!.toUpperCase()}${day.slice(1)}`)
  return `never from ${blackout.from} to ${blackout.to}${days ? ` on ${days.join(', ')}` : ''}`
}
