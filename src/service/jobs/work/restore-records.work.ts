import { applyChangeSet } from '#engine/entities/apply-change-set.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobInstruments } from './job-backup.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'
import { withoutKeys } from './records-fault.ts'
import { recoveredRecords, restoredRecords } from './restored-records.ts'
import type { Restored } from './restored.ts'

export interface RestoreRecordsInput {
  readonly id: string
  /** Of the change set, as its preview wrote it. */
  readonly folder: string
  readonly repository: RepositoryPlace
  readonly stateDirectory: string
  readonly confirmed: string
}

/** Writes a change set. A successor asks the server what became of the one before: what was committed is done, what was not is written again. */
export async function work(
  { id, folder, repository: place, stateDirectory, confirmed }: RestoreRecordsInput,
  tools: WorkTools,
): Promise<Restored> {
  const before = await recoveredRecords(stateDirectory, id, tools)
  if (before?.step === 'done') return restoredRecords(before)
  await using repository = await jobRepository(place, tools, {
    onDamagedIndex: (fault) => tools.log(`${fault.message}: what only it names cannot be read`, 'warning'),
  })
  try {
    const state = await applyChangeSet(
      folder,
      {
        stateDirectory,
        confirmed,
        repository,
        instruments: jobInstruments(tools),
        isAgain: tools.attempt > 1,
        // Fenced: whoever lost the job never commits. And from here on nobody interrupts it.
        confirmCommit: () => tools.trail({ isUninterruptible: true }),
      },
      tools.signal,
    )
    return restoredRecords(state)
  } catch (error) {
    throw withoutKeys(error)
  }
}
