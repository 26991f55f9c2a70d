import { fromKysely, type PgBoss } from 'pg-boss'
import { Fault, isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { durations } from '#base/units.ts'
import { unreachable } from '#base/unreachable.ts'
import { everything, within, type Tx } from '#service/catalog/scope.ts'
import type { FaultRecord } from '#service/catalog/tables.ts'
import type { House } from '#service/house.ts'
import { claimRun, endRun, giveBackRun, publishRun } from './attempt.store.ts'
import { jobsQueue } from './boss.ts'
import { touch, type ClaimedJob } from './claims.ts'
import { alertOfJob } from './job-alerts.ts'
import { knownRun, type AnyJobKind, type Outcome, type Trail } from './job-kind.ts'
import { startJobProcess, type JobEnd, type JobProcess } from './job-process.ts'
import { wakeWorkers } from './notices.store.ts'
import { RunReport } from './run-report.ts'
import type { StoredRun } from './runs.store.ts'
import type { SpareChild } from './spare-child.ts'

export interface AttemptParts {
  readonly house: House
  readonly boss: PgBoss
  readonly kinds: readonly AnyJobKind[]
  readonly worker: string
  /** A process that waits for a job. */
  readonly spare: SpareChild | undefined
}

/** What an attempt comes to. */
type Verdict =
  | { readonly kind: 'over'; readonly outcome: Outcome }
  | { readonly kind: 'again'; readonly fault: FaultRecord }
  | { readonly kind: 'handed-over' }

/** One claim of a job, from the claim to the transaction that ends it. */
export class Attempt {
  readonly job: ClaimedJob
  readonly #parts: AttemptParts
  #process: JobProcess | undefined
  #trail: Trail = {}
  /** Why it ends before its time. Being lost outweighs all else, a wish of somebody outweighs the end of the service. */
  #isLost = false
  #cancelledBy: string | undefined
  #isHandedOver = false

  constructor(parts: AttemptParts, job: ClaimedJob) {
    this.#parts = parts
    this.job = job
  }

  /** Never rejects: what goes wrong ends the run, or leaves it to whoever takes it up next. */
  async carryOut(): Promise<void> {
    const { log } = this.#parts.house
    try {
      const run = await this.#patiently(() => this.#claim())
      if (!run) return
      const verdict = await this.#verdict(run)
      if (!this.#isLost) await this.#concludeSomehow(run, verdict)
    } catch (error) {
      if (isFault(error, 'JOB_LOST')) log.warn({ run: this.job.id, fact: error.message }, 'a job was lost to another worker')
      else log.error({ err: error, run: this.job.id }, 'a job is left to whoever takes it up next')
    }
  }

  /** Somebody else has it, or will have it in a moment: the child ends at once, and nothing is written any more. */
  lose(): void {
    this.#isLost = true
    this.#process?.kill()
  }

  cancel(by: string): void {
    this.#cancelledBy ??= by
    this.#interrupt()
  }

  /** The service stops: the job goes back to the queue. */
  handOver(): void {
    this.#isHandedOver = true
    this.#interrupt()
  }

  /** Not where the work must not be interrupted: this is looked at again when its trail says that it has left there. */
  #interrupt(): void {
    if (this.#isLost) this.#process?.kill()
    if (this.#trail.isUninterruptible) return
    if (this.#cancelledBy !== undefined) this.#process?.cancel(new Fault('CANCELLED', `cancelled by ${this.#cancelledBy}`))
    else if (this.#isHandedOver) this.#process?.cancel(new Fault('SHUTTING_DOWN', 'the worker is stopping'))
  }

  /** The queue is asked whether the claim still holds, in the transaction that makes the attempt: none is fenced off by its past. */
  async #claim(): Promise<StoredRun | undefined> {
    const { house, boss, worker } = this.#parts
    return await house.catalog.as(everything, async (tx) => {
      const db = fromKysely(tx)
      if (!(await touch(boss, [this.job], db)).has(this.job.id)) return undefined
      const at = house.clock.now()
      const run = await claimRun(tx, this.job.id, { worker, at })
      if (!run) await boss.complete(jobsQueue, [this.job], null, { db })
      else {
        const kind = this.#kindOf(run)
        if (kind?.begin) await kind.begin(house, tx, knownRun(kind, run))
        await publishRun(tx, run, at)
      }
      return run
    })
  }

  async #verdict(run: StoredRun): Promise<Verdict> {
    if (run.cancel_requested_by !== null) return over({ kind: 'cancelled', by: run.cancel_requested_by })
    if (run.failures > limits.jobRetriesMax) return over({ kind: 'failed', fault: recordOf(lostTooOften(run)) })
    const kind = this.#kindOf(run)
    if (!kind) return over({ kind: 'failed', fault: recordOf(new Fault('JOB_KIND', `this worker knows no job ${run.kind}`)) })
    try {
      const prepared = await kind.prepare(this.#parts.house, knownRun(kind, run))
      return this.#verdictOf(kind, run, await this.#work(kind, run, prepared))
    } catch (error) {
      return this.#verdictOf(kind, run, endOf(error))
    }
  }

  async #work(kind: AnyJobKind, run: StoredRun, prepared: Awaited<ReturnType<AnyJobKind['prepare']>>): Promise<JobEnd> {
    const { house } = this.#parts
    const key = { id: run.id, attempt: run.attempt }
    await using report = new RunReport({ house, key, tenantId: run.tenant_id, onLost: () => this.lose() })
    // Where the one before was is no concern of this one's interruptions.
    this.#trail = { ...run.trail, isUninterruptible: false }
    const process = await startJobProcess({
      work: kind.work,
      prepared,
      isPressing: kind.isPressing,
      spare: this.#parts.spare,
      attempt: run.attempt,
      previousTrail: run.trail,
      clock: house.clock,
      onProgress: (progress) => report.progress(progress),
      onLog: (line, level) => report.log(line, level),
      onTrail: async (patch) => (await report.trail(patch)) && this.#remember(patch),
    })
    this.#process = process
    // What was wished while it was being started.
    this.#interrupt()
    const end = await process.ended
    this.#process = undefined
    return end
  }

  #remember(patch: Trail): true {
    this.#trail = { ...this.#trail, ...patch }
    this.#interrupt()
    return true
  }

  #verdictOf(kind: AnyJobKind, run: StoredRun, end: JobEnd): Verdict {
    switch (end.kind) {
      case 'done':
        return over({ kind: 'completed', output: kind.output.parse(end.output) })
      case 'fault':
        return end.fault.isDamage
          ? over({ kind: 'failed', fault: recordOf(end.fault) })
          : (this.#endedEarly() ?? this.#failure(run, end.fault))
      case 'gone': {
        const fault = new Fault('JOB_CRASHED', `the process of the job ended without a word: ${end.how.split('\n')[0]}`)
        this.#parts.house.log.error({ run: run.id, how: end.how }, 'the process of a job ended without a word')
        return this.#endedEarly() ?? this.#failure(run, fault)
      }
      case 'mistake':
        this.#parts.house.log.error({ run: run.id, stack: end.stack }, 'a job met a mistake of ours')
        return this.#endedEarly() ?? over({ kind: 'failed', fault: internalFault })
      default:
        return unreachable(end)
    }
  }

  /** What fails because it was told to end has not failed. */
  #endedEarly(): Verdict | undefined {
    if (this.#cancelledBy !== undefined) return over({ kind: 'cancelled', by: this.#cancelledBy })
    return this.#isHandedOver ? { kind: 'handed-over' } : undefined
  }

  #failure(run: StoredRun, fault: Fault): Verdict {
    const isAgain = fault.retry && run.failures < limits.jobRetriesMax
    return isAgain ? { kind: 'again', fault: recordOf(fault) } : over({ kind: 'failed', fault: recordOf(fault) })
  }

  /** An end that cannot be settled is a failure; one that cannot be settled either is written down without. */
  async #concludeSomehow(run: StoredRun, verdict: Verdict): Promise<void> {
    const failed = (error: unknown) => over({ kind: 'failed', fault: isFault(error) ? recordOf(error) : internalFault })
    const unlessLost = (error: unknown) => {
      if (isFault(error, 'JOB_LOST') || this.#isLost) throw error
      this.#parts.house.log.error({ err: error, run: run.id }, 'the end of a job cannot be settled')
      return failed(error)
    }
    try {
      return await this.#patiently(() => this.#conclude(run, verdict))
    } catch (error) {
      const failure = unlessLost(error)
      try {
        return await this.#patiently(() => this.#conclude(run, failure))
      } catch (again) {
        unlessLost(again)
        return await this.#patiently(() => this.#conclude(run, failure, undefined))
      }
    }
  }

  /** The catalog may be away for a moment: as long as nobody else has the job, it is waited for. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!isFault(error, 'CATALOG_UNREACHABLE') || this.#isLost) throw error
        await this.#parts.house.clock.sleep(durations.second)
      }
    }
  }

  async #conclude(run: StoredRun, verdict: Verdict, settledBy = this.#kindOf(run)): Promise<void> {
    const { house, boss } = this.#parts
    await house.catalog.as(within(run.tenant_id), async (tx) => {
      const db = fromKysely(tx)
      const isOurs = (await touch(boss, [this.job], db)).has(this.job.id)
      if (!isOurs) throw new Fault('JOB_LOST', `the queue has given run ${run.id} to another worker`, { run: run.id })
      switch (verdict.kind) {
        case 'over':
          await this.#end(tx, run, { outcome: verdict.outcome, settledBy })
          return void (await boss.complete(jobsQueue, [this.job], null, { db }))
        case 'again':
          await this.#giveBack(tx, run, { fault: verdict.fault, hasFailed: true })
          await boss.fail(jobsQueue, [this.job], null, { db })
          await boss.update(jobsQueue, undefined, { id: this.job.id, startAfter: pauseSeconds(run.failures), db })
          return
        case 'handed-over':
          await this.#giveBack(tx, run, { fault: null, hasFailed: false })
          await boss.fail(jobsQueue, [this.job], null, { db })
          return await wakeWorkers(tx)
        default:
          return unreachable(verdict)
      }
    })
  }

  async #giveBack(tx: Tx, run: StoredRun, how: Parameters<typeof giveBackRun>[2]): Promise<void> {
    await publishRun(tx, await giveBackRun(tx, run, how), this.#parts.house.clock.now())
  }

  async #end(
    tx: Tx,
    run: StoredRun,
    { outcome, settledBy }: { readonly outcome: Outcome; readonly settledBy: AnyJobKind | undefined },
  ): Promise<void> {
    const { house } = this.#parts
    const at = house.clock.now()
    const ended = await endRun(tx, run, {
      status: outcome.kind === 'completed' ? (settledBy?.statusOf?.(outcome.output) ?? 'completed') : outcome.kind,
      fault: outcome.kind === 'failed' ? outcome.fault : null,
      output: outcome.kind === 'completed' ? outcome.output : undefined,
      at,
    })
    if (settledBy) await settledBy.settle(house, tx, knownRun(settledBy, run), outcome)
    await alertOfJob(house, tx, { run, kind: settledBy, outcome })
    await publishRun(tx, ended, at)
  }

  #kindOf(run: StoredRun): AnyJobKind | undefined {
    return this.#parts.kinds.find(({ name }) => name === run.kind)
  }
}

function over(outcome: Outcome): Verdict {
  return { kind: 'over', outcome }
}

/** A failure before the process was there is told as one of its own would be. */
function endOf(error: unknown): JobEnd {
  if (isFault(error)) return { kind: 'fault', fault: error }
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  return { kind: 'mistake', message, stack: stack ?? message }
}

function recordOf(fault: Fault): FaultRecord {
  return { code: fault.code, fact: fault.message, hint: fault.hint }
}

/** Of a mistake of ours: the log has the rest. */
const internalFault: FaultRecord = {
  code: 'INTERNAL',
  fact: 'the job met a mistake of the service itself',
  hint: 'The log of the worker has the details under the id of this run; please report it.',
}

function lostTooOften({ failures }: StoredRun): Fault {
  return new Fault('JOB_CRASHED', `${failures} attempts did not come to an end, the last one because its worker was lost`, { failures })
}

/** Longer from one to the next. */
function pauseSeconds(failures: number): number {
  return limits.jobRetryPausesMs[Math.min(failures, limits.jobRetryPausesMs.length - 1)]! / durations.second
}
