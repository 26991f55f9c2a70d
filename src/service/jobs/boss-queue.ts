import { fromKysely, type PgBoss } from 'pg-boss'
import { Fault } from '#base/fault.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#host/random.ts'
import type { Tx } from '#service/catalog/scope.ts'
import { publishRun } from './attempt.store.ts'
import { jobsQueue } from './boss.ts'
import { wakeWorkers } from './notices.store.ts'
import type { Queue } from './queue.ts'
import { findRun, insertRun, noteCancellation, type StoredRun } from './runs.store.ts'

export interface QueueParts {
  readonly boss: PgBoss
  readonly clock: Clock
  readonly random: Random
  /** As its kind settles one that nobody will carry out. */
  readonly settleTakenBack: (tx: Tx, run: StoredRun, by: string) => Promise<void>
}

export function queueOf({ boss, clock, random, settleTakenBack }: QueueParts): Queue {
  return {
    add: async (tx, order) => {
      const runId = random.uuid()
      const at = clock.now()
      await insertRun(tx, { ...order, runId, at })
      const jobId = await boss.send(jobsQueue, { runId }, { id: runId, singletonKey: order.lane, db: fromKysely(tx) })
      if (jobId === null) throw new Error(`the queue took no job for run ${runId}`)
      await publishRun(tx, (await findRun(tx, runId))!, at)
      await wakeWorkers(tx)
      return runId
    },
    cancel: async (tx, runId, by) => {
      const at = clock.now()
      const state = await noteCancellation(tx, runId, { by, at })
      if (state === undefined) throw new Fault('NOT_FOUND', `there is no job ${runId}`)
      if (state === 'over') throw new Fault('JOB_OVER', `job ${runId} has ended already`)
      const run = (await findRun(tx, runId))!
      if (state === 'taken-back') {
        await boss.cancel(jobsQueue, runId, { db: fromKysely(tx) })
        await settleTakenBack(tx, run, by)
      }
      await publishRun(tx, run, at)
      await wakeWorkers(tx)
      return run
    },
  }
}
