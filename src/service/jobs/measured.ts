import { durations } from '#base/units.ts'
import type { SentProgress } from './job-messages.ts'

/** What is shown of a job's progress. What is not known is null. */
export interface MeasuredProgress {
  readonly stage: string
  readonly percent: number | null
  readonly doneBytes: number | null
  readonly totalBytes: number | null
  readonly doneFiles: number | null
  readonly bytesPerSecond: number | null
  readonly leftSeconds: number | null
}

/** Speed is that of the last seconds: long enough not to jump, short enough to be true. */
const windowMs = 15 * durations.second
/** A speed of less time than this says nothing. */
const speedAfterMs = durations.second

/** Measures as it is told: speed and time left from bytes and clock alone. */
export class Measuring {
  #stage: string | undefined
  #samples: { readonly atMs: number; readonly bytes: number }[] = []

  note({ stage, doneBytes, totalBytes, doneFiles }: SentProgress, atMs: number): MeasuredProgress {
    if (stage !== this.#stage) this.#samples = []
    this.#stage = stage
    const bytesPerSecond = doneBytes === undefined ? null : this.#speed(doneBytes, atMs)
    const whole = totalBytes !== undefined && totalBytes > 0 ? totalBytes : undefined
    const done = doneBytes === undefined || whole === undefined ? undefined : Math.min(doneBytes, whole)
    return {
      stage,
      percent: done === undefined ? null : (100 * done) / whole!,
      doneBytes: doneBytes ?? null,
      totalBytes: whole ?? null,
      doneFiles: doneFiles ?? null,
      bytesPerSecond,
      leftSeconds: done === undefined || !bytesPerSecond ? null : (whole! - done) / bytesPerSecond,
    }
  }

  #speed(bytes: number, atMs: number): number | null {
    this.#samples.push({ atMs, bytes })
    while (this.#samples.length > 2 && atMs - this.#samples[1]!.atMs >= windowMs) this.#samples.shift()
    const first = this.#samples[0]!
    const elapsedMs = atMs - first.atMs
    return elapsedMs < speedAfterMs || bytes < first.bytes ? null : ((bytes - first.bytes) / elapsedMs) * 1000
  }
}
