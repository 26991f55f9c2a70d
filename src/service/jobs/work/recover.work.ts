import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { recoverChangeSet } from '#engine/entities/apply-change-set.ts'
import { isChangeSet } from '#engine/entities/change-journal.ts'
import { recoverRestore } from '#engine/restore/recover.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'

export interface RecoverInput {
  readonly stateDirectory: string
  readonly ids: readonly string[]
}

/** Finishes or takes back each of these; one that cannot be reached now holds up no other. */
export async function work({ stateDirectory, ids }: RecoverInput, { log, signal }: WorkTools): Promise<readonly string[]> {
  const recovered: string[] = []
  for (const id of ids) {
    try {
      const recover = isChangeSet(stateDirectory, id) ? recoverChangeSet : recoverRestore
      const { before, state } = await recover({ stateDirectory, clock: systemClock, signal }, id)
      log(`restore ${id} of ${state.system}, interrupted at ${before}, is ${state.step} now`)
      recovered.push(id)
    } catch (error) {
      if (!isFault(error)) throw error
      log(`restore ${id} cannot be recovered now: ${error.message}`, 'error')
    }
  }
  return recovered
}
