import { durations } from '#base/units.ts'

/** What the clock on the wall of a time zone shows. */
export interface LocalTime {
  /** `2026-03-29`. */
  readonly date: string
  /** `03:30`. */
  readonly clock: string
  /** 0 is Sunday. */
  readonly weekday: number
  /** Ahead of UTC. */
  readonly offsetMs: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

export function localTime(at: Date, timeZone: string): LocalTime {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  const { year, month, day, hour, minute, second } = parts
  const wall = new Date(`${year!.padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return {
    date: `${year!.padStart(4, '0')}-${month}-${day}`,
    clock: `${hour}:${minute}`,
    weekday: wall.getUTCDay(),
    offsetMs: wall.getTime() - Math.floor(at.getTime() / durations.second) * durations.second,
  }
}

/** `+05:30`. */
export function printOffset(offsetMs: number): string {
  const minutes = Math.round(Math.abs(offsetMs) / durations.minute)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

export function printLocal(at: Date, timeZone: string): string {
  const { date, clock } = localTime(at, timeZone)
  return `${date} ${clock}`
}

/** The moment at which `clock` of the day `daysLater` begins on the wall; in a gap, what comes out of the offset before it. */
export function whenLocal(
  from: Date,
  timeZone: string,
  { daysLater, clock }: { readonly daysLater: number; readonly clock: string },
): Date {
  const { date, offsetMs } = localTime(from, timeZone)
  const wallMs = Date.parse(`${date}T${clock}:00Z`) + daysLater * durations.day
  const guess = new Date(wallMs - offsetMs)
  return new Date(wallMs - localTime(guess, timeZone).offsetMs)
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    formats.set(timeZone, format)
  }
  return format
}
