import { z } from 'zod'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import { systemRandom } from '#host/random.ts'
import { validationResultsSchema } from '#contract/restores.ts'
import { findBackup, openBackup } from '#engine/backup/backups.ts'
import type { Instruments } from '#engine/backup/order.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { RestoreJournal, type JournalState } from '#engine/restore/journal.ts'
import { recoverRestore } from '#engine/restore/recover.ts'
import { factsOf, storedFactsSchema } from '#service/backups/summary.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'

/** A backup that a restore made on its way, for the catalog. */
export const madeBackupSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  type: z.enum(['full', 'database', 'files']),
  purpose: z.string(),
  startedAt: z.iso.datetime(),
  facts: storedFactsSchema,
})
export type MadeBackup = z.infer<typeof madeBackupSchema>

/** What the catalog takes over of a restore, an undo or a release that came to its end. */
export const restoredSchema = z.object({
  safetyBackupId: z.uuid().nullable(),
  undoUntil: z.iso.datetime().nullable(),
  results: validationResultsSchema,
  made: z.array(madeBackupSchema),
})
export type Restored = z.infer<typeof restoredSchema>

const listedMax = 200

export function restoredOf(state: JournalState, made: readonly MadeBackup[], more: Partial<Restored['results']> = {}): Restored {
  return {
    safetyBackupId: state.safetyBackup,
    undoUntil: state.step === 'swapped' ? state.undoUntil : null,
    results: {
      verified: state.verified,
      notRestored: state.notRestored.slice(0, listedMax),
      notes: state.notes.slice(0, listedMax),
      rowsWrittenMeanwhile: state.rowsWrittenMeanwhile,
      unreachableMs: state.unreachableMs,
      swappedAt: state.swappedAt,
      releaseBackupId: state.releaseBackup,
      ...more,
    },
    made: [...made],
  }
}

export async function madeBackup(repository: Repository, id: string | null, signal: AbortSignal): Promise<MadeBackup[]> {
  if (id === null) return []
  await repository.refreshIndex(signal)
  const { backup, manifest, checksum } = await openBackup(
    repository,
    await findBackup(repository, id, { now: systemClock.now() }, signal),
    signal,
  )
  const { name, type, purpose, startedAt } = manifest
  const facts = factsOf({ snapshot: backup.snapshot.id, checksum, manifest }, null)
  return type === 'full' || type === 'database' || type === 'files' ? [{ id, name, type, purpose, startedAt, facts }] : []
}

export function restoreInstruments({ onProgress }: WorkTools): Instruments {
  return { clock: systemClock, random: systemRandom, onProgress }
}

const patienceMs = 40 * durations.second

/**
 * Where an earlier attempt of this very restore left it: finished or taken back first, by its journal. The server takes a
 * moment to notice that the sessions of the dead are gone. Undefined when it had not begun.
 */
export async function recoveredState(
  stateDirectory: string,
  id: string,
  { attempt, log, signal }: WorkTools,
): Promise<JournalState | undefined> {
  if (attempt === 1) return undefined
  const untilMs = systemClock.monotonicMs() + patienceMs
  for (;;) {
    try {
      const { before, state } = await recoverRestore({ stateDirectory, clock: systemClock, signal }, id)
      log(
        before === state.step
          ? `an earlier attempt left it ${before}`
          : `an earlier attempt was cut off at ${before}; it is ${state.step} now`,
      )
      return state
    } catch (error) {
      if (isFault(error, 'RESTORE_NOT_FOUND')) return undefined
      if (!isFault(error, 'TARGET_BUSY') || systemClock.monotonicMs() > untilMs) throw error
      await systemClock.sleep(250, signal)
    }
  }
}

/** A hook may fail when everything is live already: then it is restored, and the hook is what is wrong. */
export async function liveState(stateDirectory: string, id: string): Promise<JournalState | undefined> {
  try {
    const { state } = await RestoreJournal.open(stateDirectory, id)
    return state.step === 'swapped' ? state : undefined
  } catch (error) {
    if (isFault(error, 'RESTORE_NOT_FOUND')) return undefined
    throw error
  }
}
