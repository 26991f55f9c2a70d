import type { Clock } from '#base/clock.ts'
import type { OnProgress } from '#engine/sources/source.ts'

const reportEveryMs = 200

/** Adds up what was read and tells it a few times a second. Nothing here is estimated. */
export class BackupMeter {
  #bytes = 0
  #files = 0
  #reportedMs = 0
  readonly #clock: Clock
  readonly #onProgress: OnProgress

  constructor({ clock, onProgress }: { clock: Clock; onProgress: OnProgress }) {
    this.#clock = clock
    this.#onProgress = onProgress
  }

  readonly bytes = (bytes: number): void => {
    this.#bytes += bytes
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#reportedMs < reportEveryMs) return
    this.#reportedMs = nowMs
    this.#onProgress({ stage: 'store', doneBytes: this.#bytes, doneFiles: this.#files })
  }

  readonly file = (): void => {
    this.#files += 1
  }
}
