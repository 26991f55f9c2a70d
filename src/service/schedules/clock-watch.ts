import type { Clock } from '#base/clock.ts'
import { durations, printDuration } from '#base/units.ts'

/** A clock that is put right by less than this was not set. */
export const clockSetMs = 5 * durations.minute

/** Sees when the clock on the wall goes otherwise than the time that passes. */
export class ClockWatch {
  readonly #clock: Clock
  #before: { readonly wallMs: number; readonly passedMs: number } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** By how much it was set since the last look: ahead, or, below zero, back. Undefined at the first look: nobody knows. */
  look(): number | undefined {
    const now = { wallMs: this.#clock.now().getTime(), passedMs: this.#clock.monotonicMs() }
    const before = this.#before
    this.#before = now
    if (!before) return undefined
    const aheadMs = now.wallMs - before.wallMs - (now.passedMs - before.passedMs)
    return Math.abs(aheadMs) < clockSetMs ? 0 : aheadMs
  }
}

/** A machine that was suspended wakes up with a clock that is ahead: the two cannot be told apart from within. */
export function settingWords(aheadMs: number): string {
  return aheadMs > 0
    ? `the clock went ahead by ${printDuration(aheadMs)}, or the machine stood still for so long`
    : `the clock was set back by ${printDuration(-aheadMs)}`
}
