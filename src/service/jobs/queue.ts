import type { Tx } from '#service/catalog/scope.ts'
import type { JobOrder, StoredRun } from './runs.store.ts'

/** Where jobs are put, and taken back. */
export interface Queue {
  /** In the transaction of the act that wants it: the run is there with the act, or not at all. Returns the id of the run. */
  add(tx: Tx, order: JobOrder): Promise<string>
  /**
   * Asks for the end of a run that goes on, or takes back one that has not begun, which is settled as cancelled then.
   * JOB_OVER when it has ended, NOT_FOUND when it is not visible in the transaction's scope.
   */
  cancel(tx: Tx, runId: string, by: string): Promise<StoredRun>
}
