import { undoChangeSet } from '#engine/entities/apply-change-set.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobInstruments } from './job-backup.ts'
import { withoutKeys } from './records-fault.ts'
import { recoveredRecords, restoredRecords } from './restored-records.ts'
import type { Restored } from './restored.ts'

export interface UndoRecordsInput {
  readonly of: string
  readonly stateDirectory: string
  readonly confirmed: string
}

/** Takes a change set back, once. */
export async function work({ of, stateDirectory, confirmed }: UndoRecordsInput, tools: WorkTools): Promise<Restored> {
  const before = await recoveredRecords(stateDirectory, of, tools)
  if (before?.step === 'undone') return restoredRecords(before)
  try {
    const confirmCommit = () => tools.trail({ isUninterruptible: true })
    const options = { stateDirectory, confirmed, instruments: jobInstruments(tools), confirmCommit }
    return restoredRecords(await undoChangeSet(of, options, tools.signal))
  } catch (error) {
    throw withoutKeys(error)
  }
}
