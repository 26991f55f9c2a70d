import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { printCount } from '#base/units.ts'
import { recoverChangeSet } from '#engine/entities/apply-change-set.ts'
import type { ChangeState } from '#engine/entities/change-journal.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import type { Restored } from './restored.ts'

/** What the catalog takes over of single records that were written, taken back, or let go. */
export function restoredRecords({ step, applied, undone, notRestored, doneAt, undoUntil }: ChangeState): Restored {
  const proven = step === 'undone' ? undone : applied
  return {
    safetyBackupId: null,
    undoUntil: step === 'done' ? undoUntil : null,
    results: {
      ...(proven && { records: proven }),
      ...(step === 'done' && { swappedAt: doneAt }),
      // Names of files may name people, and these results are read by everybody.
      ...(notRestored.length > 0 && {
        notRestored: [`${printCount(notRestored.length)} files: what stands at their places was left alone`],
      }),
    },
    made: [],
  }
}

/** Where an earlier attempt left it: whether its transaction was committed is asked of the server. Undefined when it had not begun. */
export async function recoveredRecords(
  stateDirectory: string,
  id: string,
  { attempt, log, signal }: WorkTools,
): Promise<ChangeState | undefined> {
  if (attempt === 1) return undefined
  try {
    const { before, state } = await recoverChangeSet({ stateDirectory, clock: systemClock, signal }, id)
    log(
      before === state.step
        ? `an earlier attempt left it ${before}`
        : `an earlier attempt was cut off at ${before}; it is ${state.step} now`,
    )
    return state
  } catch (error) {
    if (isFault(error, 'RESTORE_NOT_FOUND')) return undefined
    throw error
  }
}
