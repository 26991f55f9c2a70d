import { releaseChangeSet } from '#engine/entities/apply-change-set.ts'
import { restoredRecords } from './restored-records.ts'
import type { Restored } from './restored.ts'

export interface ReleaseRecordsInput {
  readonly of: string
  readonly stateDirectory: string
  readonly confirmed: string
}

/** Removes the rows that an undo would need. */
export async function work({ of, stateDirectory, confirmed }: ReleaseRecordsInput): Promise<Restored> {
  return restoredRecords(await releaseChangeSet(of, { stateDirectory, confirmed }))
}
