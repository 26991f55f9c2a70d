import { hostname } from 'node:os'
import type { PgBoss } from 'pg-boss'
import { durations } from '#base/units.ts'
import { listen } from '#service/catalog/listening.store.ts'
import { everything } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { Attempt } from './attempt.ts'
import { wishedCancellations } from './attempt.store.ts'
import { heartbeatSeconds, jobsQueue } from './boss.ts'
import { touch, type ClaimedJob } from './claims.ts'
import type { AnyJobKind } from './job-kind.ts'
import { removeLeftPasswords } from './job-passwords.ts'
import { jobsChannel } from './notices.store.ts'
import { SpareChild } from './spare-child.ts'

export interface WorkerParts {
  readonly house: House
  readonly boss: PgBoss
  readonly kinds: readonly AnyJobKind[]
  /** Jobs of different lanes at the same moment. */
  readonly jobsAtOnce: number
}

const lookEveryMs = 2 * durations.second
const beatEveryMs = 3 * durations.second

/**
 * Takes jobs, each lane's one after the other, until disposed: then it claims no more, hands over what it has, and waits
 * for what must not be interrupted. Any number of workers may run, on any number of machines.
 */
export async function startWorker(parts: WorkerParts): Promise<AsyncDisposable> {
  await removeLeftPasswords(parts.house.clock)
  return new Worker(parts)
}

interface Held {
  readonly attempt: Attempt
  readonly done: Promise<void>
  /** When the queue was last told that the job is in good hands. */
  touchedMs: number
}

class Worker implements AsyncDisposable {
  readonly #parts: WorkerParts
  readonly #name = `${hostname()} ${process.pid}`
  readonly #held = new Map<string, Held>()
  readonly #scope = new AsyncDisposableStack()
  readonly #stopping = new AbortController()
  readonly #claiming: Promise<void>
  readonly #spare: SpareChild | undefined
  #bell = Promise.withResolvers<void>()
  #isBeating = false

  constructor(parts: WorkerParts) {
    this.#parts = parts
    const { clock, catalog } = parts.house
    if (parts.house.config.keepsSpare) this.#spare = this.#scope.use(new SpareChild({ clock, isBusy: () => this.#held.size > 0 }))
    void this.#spare?.refill()
    this.#scope.use(clock.every(beatEveryMs, () => void this.#beat()))
    this.#scope.use(clock.every(lookEveryMs, () => this.#ring()))
    this.#scope.use(
      listen({
        connection: catalog.connection,
        clock,
        channels: [jobsChannel],
        onNotice: () => {
          this.#ring()
          void this.#lookForCancellations()
        },
      }),
    )
    this.#claiming = this.#claimUntilStopped()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    this.#ring()
    await this.#claiming
    for (const { attempt } of this.#held.values()) attempt.handOver()
    // Heartbeats go on until the last one has ended.
    while (this.#held.size > 0) await Promise.all([...this.#held.values()].map(({ done }) => done))
    await this.#scope.disposeAsync()
  }

  #ring(): void {
    this.#bell.resolve()
    this.#bell = Promise.withResolvers()
  }

  async #claimUntilStopped(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const { promise: rung } = this.#bell
      if (this.#held.size >= this.#parts.jobsAtOnce || !(await this.#claimOne())) await rung
    }
  }

  /** False when there is nothing to do now. */
  async #claimOne(): Promise<boolean> {
    const { boss, house } = this.#parts
    let jobs: ClaimedJob[]
    try {
      jobs = await boss.fetch(jobsQueue)
    } catch (error) {
      house.log.warn({ err: error }, 'jobs cannot be claimed; the next try is soon')
      return false
    }
    for (const { id, retryCount } of jobs) this.#take({ id, retryCount })
    return jobs.length > 0
  }

  #take(job: ClaimedJob): void {
    const { house, boss, kinds } = this.#parts
    const attempt = new Attempt({ house, boss, kinds, worker: this.#name, spare: this.#spare }, job)
    const done = attempt.carryOut().finally(() => {
      this.#held.delete(job.id)
      if (this.#held.size === 0) void this.#spare?.refill()
      this.#ring()
    })
    this.#held.set(job.id, { attempt, done, touchedMs: house.clock.monotonicMs() })
    void done
  }

  /**
   * Tells the queue that the jobs are in good hands. One that it does not know as ours any more is somebody else's; one of
   * which it could not be told in time will be in a moment.
   */
  async #beat(): Promise<void> {
    if (this.#isBeating || this.#held.size === 0) return this.#loseUntold()
    this.#isBeating = true
    try {
      const held = [...this.#held.values()]
      const told = this.#parts.house.clock.monotonicMs()
      const jobs = held.map(({ attempt }) => attempt.job)
      const known = await touch(this.#parts.boss, jobs)
      for (const one of held) {
        if (known.has(one.attempt.job.id)) one.touchedMs = told
        else if (this.#held.get(one.attempt.job.id) === one) one.attempt.lose()
      }
      await this.#lookForCancellations()
    } catch (error) {
      this.#parts.house.log.warn({ err: error }, 'the queue cannot be told that its jobs are in good hands')
    } finally {
      this.#isBeating = false
      this.#loseUntold()
    }
  }

  #loseUntold(): void {
    const now = this.#parts.house.clock.monotonicMs()
    for (const { attempt, touchedMs } of this.#held.values()) if (now - touchedMs > heartbeatSeconds * durations.second) attempt.lose()
  }

  async #lookForCancellations(): Promise<void> {
    const ids = [...this.#held.keys()]
    if (ids.length === 0) return
    try {
      const wished = await this.#parts.house.catalog.as(everything, (tx) => wishedCancellations(tx, ids))
      for (const { id, by } of wished) this.#held.get(id)?.attempt.cancel(by)
    } catch (error) {
      this.#parts.house.log.warn({ err: error }, 'wishes to cancel cannot be read; the next look is soon')
    }
  }
}
