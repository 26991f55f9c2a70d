import { fromKysely, type PgBoss } from 'pg-boss'
import { Fault } from '#base/fault.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#host/random.ts'
import type { Tx } from '#service/catalog/scope.ts'
import { jobsQueue } from './boss.ts'
import { insertRun, noteCancellation, type JobOrder } from './runs.store.ts'

/** Where jobs are put, and taken back. */
export interface Queue {
  /** In the transaction of the act that wants it: the run is there with the act, or not at all. Returns the id of the run. */
  add(tx: Tx, order: JobOrder): Promise<string>
  /** Asks for the end of a run that goes on, or takes back one that has not begun. JOB_OVER when it has ended. */
  cancel(tx: Tx, runId: string, by: string): Promise<void>
}

export interface QueueParts {
  readonly boss: PgBoss
  readonly clock: Clock
  readonly random: Random
}

export function queueOf({ boss, clock, random }: QueueParts): Queue {
  return {
    add: async (tx, order) => {
      const runId = random.uuid()
      await insertRun(tx, { ...order, runId, at: clock.now() })
      const jobId = await boss.send(jobsQueue, { runId }, { id: runId, singletonKey: order.lane, db: fromKysely(tx) })
      if (jobId === null) throw new Error(`the queue took no job for run ${runId}`)
      return runId
    },
    cancel: async (tx, runId, by) => {
      const state = await noteCancellation(tx, runId, { by, at: clock.now() })
      if (state === undefined) throw new Fault('NOT_FOUND', `there is no job ${runId}`)
      if (state === 'over') throw new Fault('JOB_OVER', `job ${runId} has ended already`)
      // One that goes on is told by its worker, which sees the note.
      if (state === 'taken-back') await boss.cancel(jobsQueue, runId, { db: fromKysely(tx) })
    },
  }
}
