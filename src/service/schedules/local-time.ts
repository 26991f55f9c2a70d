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

export function localTime(at: Date, timeZone: string): LocalTime {
  const offsetMs = offsetAt(at.getTime(), timeZone)
  const wall = new Date(at.getTime() + offsetMs)
  const [date = '', time = ''] = wall.toISOString().split('T')
  return { date, clock: time.slice(0, 5), weekday: wall.getUTCDay(), offsetMs }
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

export interface Moments {
  /** When the wall shows it; the first time, where it does so twice; as much later as the clocks go forward, where it does not. */
  readonly first: Date
  readonly again?: Date | undefined
  readonly isLeftOut?: boolean
  /** The clocks change within a day of it. */
  readonly isNearChange: boolean
}

/** When the wall of a time zone shows this time, which is written as if it were UTC. */
export function momentsOf(wall: Date, timeZone: string): Moments {
  const wallMs = wall.getTime()
  const [before, after] = [offsetAt(wallMs - durations.day, timeZone), offsetAt(wallMs + durations.day, timeZone)]
  const byBefore = wallMs - before
  if (before === after) return { first: new Date(byBefore), isNearChange: false }
  const shown = [byBefore, wallMs - after].filter((ms) => ms + offsetAt(ms, timeZone) === wallMs)
  const [first = byBefore, again] = shown
  return {
    first: new Date(first),
    again: again === undefined ? undefined : new Date(again),
    isLeftOut: shown.length === 0,
    isNearChange: true,
  }
}

/** The moment at which `clock` of the day `daysLater` begins on the wall. */
export function whenLocal(
  from: Date,
  timeZone: string,
  { daysLater, clock }: { readonly daysLater: number; readonly clock: string },
): Date {
  const { date } = localTime(from, timeZone)
  return momentsOf(new Date(Date.parse(`${date}T${clock}:00Z`) + daysLater * durations.day), timeZone).first
}

/** By zone, what its wall is ahead of UTC at the beginning of a day of UTC: to ask costs more than all the rest. */
const offsets = new Map<string, Map<number, number>>()
const offsetsMax = 4_000

export function offsetAt(ms: number, timeZone: string): number {
  const day = Math.floor(ms / durations.day)
  const [begin, end] = [offsetOfDay(day, timeZone), offsetOfDay(day + 1, timeZone)]
  return begin === end ? begin : askedOffset(ms, timeZone)
}

function offsetOfDay(day: number, timeZone: string): number {
  let ofZone = offsets.get(timeZone)
  if (!ofZone || ofZone.size > offsetsMax) offsets.set(timeZone, (ofZone = new Map()))
  let offset = ofZone.get(day)
  if (offset === undefined) ofZone.set(day, (offset = askedOffset(day * durations.day, timeZone)))
  return offset
}

const formats = new Map<string, Intl.DateTimeFormat>()

function askedOffset(ms: number, timeZone: string): number {
  let format = formats.get(timeZone)
  if (!format) formats.set(timeZone, (format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })))
  const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')!.value
  const [, sign, hours, minutes, seconds = 0] = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name)!
  if (sign === undefined) return 0
  const aheadMs = Number(hours) * durations.hour + Number(minutes) * durations.minute + Number(seconds) * durations.second
  return sign === '-' ? -aheadMs : aheadMs
}
