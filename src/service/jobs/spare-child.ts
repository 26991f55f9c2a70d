import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Clock } from '#base/clock.ts'
import { limits } from '#base/limits.ts'
import { forkChild } from './child-process.ts'
import type { ToChild } from './job-messages.ts'

export interface SpareParts {
  readonly clock: Clock
  /** Whether a job runs here: then none is started, since starting takes what readers and the job need. */
  readonly isBusy: () => boolean
}

/**
 * One process that has loaded the program while nothing else was to be done, for the next job (ADR 0062). It does one job
 * and ends with it, as any other; where there is none, a job starts one itself. Like those it ends when its worker does.
 */
export class SpareChild implements AsyncDisposable {
  readonly #parts: SpareParts
  readonly #over = new AbortController()
  #child: ChildProcess | undefined
  #alive: Disposable | undefined
  #isWaiting = false

  constructor(parts: SpareParts) {
    this.#parts = parts
  }

  /** There is to be one in a while, unless there is. */
  async refill(): Promise<void> {
    if (this.#isWaiting || this.#child || this.#over.signal.aborted) return
    this.#isWaiting = true
    try {
      await this.#parts.clock.sleep(limits.spareAfterMs, this.#over.signal)
    } catch {
      // Its worker ends.
      return
    } finally {
      this.#isWaiting = false
    }
    if (!this.#parts.isBusy()) this.#start()
  }

  /** For one job, which ends it; undefined when there is none. It need not have loaded all: it does its job then. */
  take(): ChildProcess | undefined {
    const child = this.#child
    this.#forget()
    return child?.connected ? child : undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort()
    const child = this.#child
    this.#forget()
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  #start(): void {
    const child = forkChild({ isAhead: true })
    this.#child = child
    child.on('error', this.#forget)
    child.on('exit', this.#forget)
    const message: ToChild = { type: 'alive' }
    this.#alive = this.#parts.clock.every(limits.jobAliveEveryMs, () => {
      if (child.connected) child.send(message, () => undefined)
    })
  }

  readonly #forget = (): void => {
    this.#alive?.[Symbol.dispose]()
    this.#child?.off('exit', this.#forget).off('error', this.#forget)
    this.#child = undefined
  }
}
