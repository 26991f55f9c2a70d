import { GiB, printBytes } from '#base/units.ts'
import type { Forecast } from './forecast.ts'

/** Left free whatever comes: locks, an index and a prune need room, too. */
const reserveShare = 0.05
const reserveBytesMax = 1 * GiB
/** Low: less than this many of the largest backups seen fit, or less than this share of all is free, or full within so many days. */
const backupsAheadMin = 3
const freeShareMin = 0.1
const daysAheadMin = 14
/** What compression leaves of content that nothing is known about. Clinical text shrinks to less, images do not. */
const unknownShare = 0.5
/** What a second backup adds when only the first is known: what changed. */
const secondShare = 0.1

export interface RoomFacts {
  /** Null: nobody knows, and nothing is refused. */
  readonly freeBytes: number | null
  readonly storedBytes: number
}

export function reserveOf({ freeBytes, storedBytes }: RoomFacts): number {
  return Math.min(reserveBytesMax, Math.round(reserveShare * (storedBytes + (freeBytes ?? 0))))
}

export interface NeedFacts {
  /** What backups of this kind added, the newest first, and the very first left out: it had to store everything. */
  readonly laterStoredBytes: readonly number[]
  /** What the first one stored; null when there is none. */
  readonly firstStoredBytes: number | null
  /** By how much the sources are larger than when they were backed up last. */
  readonly grownBytes: number
  /** Of everything that would be read; null when nobody knows. */
  readonly logicalBytes: number | null
  /** Share that compression leaves in this repository; null without content. */
  readonly packedShare: number | null
}

/** What the next backup will add: as much as the largest of the last ones, and what came since. Null: nobody knows. */
export function needOf({ laterStoredBytes, firstStoredBytes, grownBytes, logicalBytes, packedShare }: NeedFacts): number | null {
  const share = packedShare ?? unknownShare
  if (firstStoredBytes === null) return logicalBytes === null ? null : Math.round(logicalBytes * share)
  const usual = laterStoredBytes.length === 0 ? firstStoredBytes * secondShare : Math.max(...laterStoredBytes)
  return Math.round(usual + Math.max(0, grownBytes) * share)
}

/** What is missing, in words; undefined when it fits, or nobody knows. */
export function shortfallOf(room: RoomFacts, neededBytes: number | null): string | undefined {
  if (room.freeBytes === null || neededBytes === null) return undefined
  const reserveBytes = reserveOf(room)
  if (room.freeBytes - reserveBytes >= neededBytes) return undefined
  return `the backup needs about ${printBytes(neededBytes)}, ${printBytes(room.freeBytes)} are free, and ${printBytes(reserveBytes)} of them stay free`
}

/** Why the storage is low, in words; undefined when it is not, or nobody knows. */
export function lowOf(
  room: RoomFacts,
  { largestNeedBytes, forecast }: { readonly largestNeedBytes: number; readonly forecast: Pick<Forecast, 'earliestInDays' | 'words'> },
): string | undefined {
  const { freeBytes, storedBytes } = room
  if (freeBytes === null) return undefined
  const free = `${printBytes(freeBytes)} are free`
  if (freeBytes < freeShareMin * (storedBytes + freeBytes)) return `${free}, less than ${freeShareMin * 100} % of what the backups have`
  if (freeBytes - reserveOf(room) < backupsAheadMin * largestNeedBytes)
    return `${free}, less than ${backupsAheadMin} backups of ${printBytes(largestNeedBytes)} need`
  if (forecast.earliestInDays !== null && forecast.earliestInDays < daysAheadMin) return `${free}; ${forecast.words}`
  return undefined
}
