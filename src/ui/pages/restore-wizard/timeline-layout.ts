import { durations } from '#base/units.ts'

export interface Moment {
  readonly id: string
  readonly atMs: number
}

export interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

export interface Placed {
  readonly id: string
  /** Of its middle, from the left edge. */
  readonly leftPx: number
  /** 0 is the lowest. */
  readonly lane: number
}

/** Places marks by their time, those that would cover each other one above the other. */
export function placeMarks(
  moments: readonly Moment[],
  { span, widthPx, markPx }: { readonly span: Span; readonly widthPx: number; readonly markPx: number },
): readonly Placed[] {
  const room = Math.max(0, widthPx - markPx)
  const lengthMs = Math.max(1, span.untilMs - span.fromMs)
  const lanes: number[] = []
  return [...moments]
    .sort((one, other) => one.atMs - other.atMs)
    .map(({ id, atMs }) => {
      const share = Math.min(1, Math.max(0, (atMs - span.fromMs) / lengthMs))
      const leftPx = markPx / 2 + share * room
      const free = lanes.findIndex((endPx) => leftPx - endPx >= markPx)
      const lane = free === -1 ? lanes.length : free
      lanes[lane] = leftPx
      return { id, leftPx, lane }
    })
}

export interface Tick {
  readonly atMs: number
  readonly isDay: boolean
}

const hourSteps = [1, 2, 3, 6, 12]
const daySteps = [1, 2, 7, 14, 30, 90, 180, 365]

/** Whole hours or midnights of the reader's own clock, no more than so many. */
export function ticksOf({ fromMs, untilMs }: Span, countMax: number): readonly Tick[] {
  const lengthMs = untilMs - fromMs
  const hours = hourSteps.find((step) => lengthMs / (step * durations.hour) <= countMax)
  const days = daySteps.find((step) => lengthMs / (step * durations.day) <= countMax) ?? daySteps.at(-1)!
  const at = new Date(fromMs)
  at.setHours(0, 0, 0, 0)
  const ticks: Tick[] = []
  // Steps of the calendar, not of milliseconds: a day in which the clocks change has 23 or 25 hours.
  while (at.getTime() <= untilMs) {
    if (at.getTime() >= fromMs) ticks.push({ atMs: at.getTime(), isDay: at.getHours() === 0 })
    if (hours === undefined) at.setDate(at.getDate() + days)
    else at.setHours(at.getHours() + hours)
  }
  return ticks
}
