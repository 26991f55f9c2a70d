import { durations } from '#base/units.ts'

/** A share of the packs, from 1 to `shares`, that was read. */
export interface ReadShare {
  readonly share: number
  readonly shares: number
  readonly read_at: Date
  readonly is_intact: boolean
}

/** A little more often than was promised, so that a day of standstill breaks no promise. */
const haste = 0.9

/** The next one to be read, of as many shares as days: one that never was, or else the one that was read longest ago. */
export function dueShare(read: readonly ReadShare[], everyDays: number): number {
  const current = currentOf(read, everyDays)
  for (let share = 1; share <= everyDays; share += 1) if (!current.some((one) => one.share === share)) return share
  return oldestOf(current)!.share
}

/** When the next share is read, after one was at `now`: at an even pace, sooner where the promise would be broken. */
export function nextDue(read: readonly ReadShare[], everyDays: number, now: Date): Date {
  const current = currentOf(read, everyDays)
  const paced = now.getTime() + haste * durations.day
  const oldest = current.length < everyDays ? undefined : oldestOf(current)
  const promised = oldest ? oldest.read_at.getTime() + haste * everyDays * durations.day : Infinity
  return new Date(Math.max(now.getTime(), Math.min(paced, promised)))
}

/**
 * True when nothing that was found damaged may be damaged still: each such share was read again and is whole, or all of it
 * was read since in another number of shares.
 */
export function isDoubtOver(read: readonly ReadShare[], everyDays: number): boolean {
  const current = currentOf(read, everyDays)
  const damaged = read.filter(({ is_intact: isIntact }) => !isIntact)
  return damaged.every(
    ({ shares, read_at: at }) =>
      shares !== everyDays && current.length === everyDays && current.every((one) => one.is_intact && one.read_at > at),
  )
}

export function currentOf<Share extends ReadShare>(read: readonly Share[], everyDays: number): Share[] {
  return read.filter(({ shares }) => shares === everyDays)
}

export function oldestOf<Share extends ReadShare>(read: readonly Share[]): Share | undefined {
  return read.toSorted((a, b) => a.read_at.getTime() - b.read_at.getTime() || a.share - b.share)[0]
}
