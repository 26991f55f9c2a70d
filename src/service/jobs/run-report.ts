import { isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { within } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { Trail } from './job-kind.ts'
import type { SentProgress } from './job-messages.ts'
import { Measuring, type MeasuredProgress } from './measured.ts'
import { addLines, addToTrail, publishRun, writeProgress, type AttemptKey } from './attempt.store.ts'
import type { LogLine } from './runs.store.ts'

export interface ReportParts {
  readonly house: House
  readonly key: AttemptKey
  readonly tenantId: string
  /** The attempt is not the one that goes on any more. */
  readonly onLost: () => void
}

/** Writes down what an attempt tells of itself, about once a second, in order. */
export class RunReport implements AsyncDisposable {
  readonly #parts: ReportParts
  readonly #measuring = new Measuring()
  readonly #timer: Disposable
  #progress: MeasuredProgress | undefined
  #lines: Omit<LogLine, 'seq' | 'attempt'>[] = []
  #writing: Promise<void> = Promise.resolve()

  constructor(parts: ReportParts) {
    this.#parts = parts
    this.#timer = parts.house.clock.every(limits.jobReportEveryMs, () => void this.#write())
  }

  progress(progress: SentProgress): void {
    this.#progress = this.#measuring.note(progress, this.#parts.house.clock.monotonicMs())
  }

  log(line: string, level: LogLine['level']): void {
    const { clock } = this.#parts.house
    this.#lines.push({ at: clock.now().toISOString(), level, line: line.slice(0, limits.jobLineLengthMax) })
    if (this.#lines.length > limits.jobLinesWaitingMax) this.#lines.shift()
  }

  /** At once, unlike the rest: whoever asked goes on when it is there. */
  async trail(patch: Trail): Promise<boolean> {
    const { house, key, tenantId, onLost } = this.#parts
    try {
      await house.catalog.as(within(tenantId), (tx) => addToTrail(tx, key, patch))
      return true
    } catch (error) {
      if (isFault(error, 'JOB_LOST')) onLost()
      else house.log.warn({ err: error, run: key.id }, 'the trail of a job cannot be written')
      return false
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer[Symbol.dispose]()
    await this.#write()
  }

  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeWaiting())
    return this.#writing
  }

  async #writeWaiting(): Promise<void> {
    const [progress, lines] = [this.#progress, this.#lines]
    if (!progress && lines.length === 0) return
    this.#progress = undefined
    this.#lines = []
    const { house, key, tenantId, onLost } = this.#parts
    try {
      await house.catalog.as(within(tenantId), async (tx) => {
        const at = house.clock.now()
        if (lines.length > 0) await addLines(tx, key, lines)
        if (progress) await publishRun(tx, await writeProgress(tx, key, { progress, at }), at)
      })
    } catch (error) {
      if (isFault(error, 'JOB_LOST')) return onLost()
      // Progress is told again soon, lines are kept: neither is a reason to end the work.
      this.#lines = [...lines, ...this.#lines]
      house.log.warn({ err: error, run: key.id }, 'the progress of a job cannot be written')
    }
  }
}
