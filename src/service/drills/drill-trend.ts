import { durations, printDuration } from '#base/units.ts'
import type { drills } from '#contract/drills.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { median } from '#base/median.ts'

export interface DrillTime {
  readonly id: string
  readonly at: Date
  readonly restoredInMs: number
  readonly logicalBytes: number | null
}

const timesMin = 3
const monthMs = 30 * durations.day
const horizonMs = 10 * 365 * durations.day

/**
 * Where the time that a restore takes is heading, by the median of all slopes between two drills (Theil and Sen): one drill
 * on a busy machine does not turn it. `times` oldest first.
 */
export function trendOf(times: readonly DrillTime[], objectiveMs: number | null): ReplyOf<typeof drills.trend> {
  const points = times.map(({ id, at, restoredInMs, logicalBytes }) => ({ drillId: id, at: at.toISOString(), restoredInMs, logicalBytes }))
  const slope = times.length < timesMin ? null : medianSlope(times)
  const missedFrom = slope === null || objectiveMs === null ? null : missedAt(times, { slope, objectiveMs })
  return {
    objectiveMs,
    points,
    growthMsPerMonth: slope === null ? null : slope * monthMs,
    missedFrom: missedFrom?.toISOString() ?? null,
    inWords: inWords(times, { slope, objectiveMs, missedFrom }),
  }
}

/** Milliseconds of restore for each millisecond of time; null when all were at one moment. */
function medianSlope(times: readonly DrillTime[]): number | null {
  const slopes: number[] = []
  for (const [index, one] of times.entries()) {
    for (const other of times.slice(index + 1)) {
      const apartMs = other.at.getTime() - one.at.getTime()
      if (apartMs > 0) slopes.push((other.restoredInMs - one.restoredInMs) / apartMs)
    }
  }
  return slopes.length === 0 ? null : median(slopes)
}

function missedAt(
  times: readonly DrillTime[],
  { slope, objectiveMs }: { readonly slope: number; readonly objectiveMs: number },
): Date | null {
  const newest = times.at(-1)!
  const atStart = median(times.map(({ at, restoredInMs }) => restoredInMs - slope * (at.getTime() - newest.at.getTime())))
  if (atStart > objectiveMs) return newest.at
  const inMs = slope > 0 ? (objectiveMs - atStart) / slope : Infinity
  return inMs > horizonMs ? null : new Date(newest.at.getTime() + inMs)
}

interface Seen {
  readonly slope: number | null
  readonly objectiveMs: number | null
  readonly missedFrom: Date | null
}

function inWords(times: readonly DrillTime[], { slope, objectiveMs, missedFrom }: Seen): string {
  const newest = times.at(-1)
  if (!newest) return 'No drill has passed yet: nobody knows how long a restore takes.'
  const last = `The last drill restored in ${printDuration(newest.restoredInMs)}`
  const beside =
    objectiveMs === null
      ? '; no objective is set.'
      : `, ${newest.restoredInMs > objectiveMs ? 'longer than' : 'within'} the objective of ${printDuration(objectiveMs)}.`
  if (slope === null) return `${last}${beside} From three drills on there is a trend.`
  const perMonthMs = Math.round(Math.abs(slope * monthMs))
  const heading =
    perMonthMs < durations.second
      ? ' The time is steady.'
      : ` A restore takes ${printDuration(perMonthMs)} ${slope > 0 ? 'longer' : 'less'} each month.`
  const missed =
    missedFrom !== null && missedFrom > newest.at
      ? ` If that goes on, the objective is missed from ${missedFrom.toISOString().slice(0, 10)}.`
      : ''
  return `${last}${beside}${heading}${missed}`
}
