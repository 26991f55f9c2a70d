import { releaseRestore } from '#engine/restore/release.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'
import { madeBackup, recoveredState, restoredOf, restoreInstruments, type Restored } from './restored.ts'

export interface ReleaseInput {
  readonly of: string
  readonly repository: RepositoryPlace
  readonly stateDirectory: string
  readonly confirmed: string
  readonly withoutBackup?: string | undefined
}

export async function work({ of, repository: place, ...input }: ReleaseInput, tools: WorkTools): Promise<Restored> {
  await using repository = await jobRepository(place, tools)
  // One that was cut off while it dropped what was kept is finished by recovery.
  const before = await recoveredState(input.stateDirectory, of, tools)
  if (before?.step === 'released') return restoredOf(before, await madeBackup(repository, before.releaseBackup, tools.signal))
  const options = { ...input, compressionLevel: 1, instruments: restoreInstruments(tools) }
  const { state, changedAfterSwap } = await releaseRestore(repository, of, options, tools.signal)
  const made = await madeBackup(repository, state.releaseBackup, tools.signal)
  return restoredOf(state, made, { changedAfterSwap: changedAfterSwap.slice(0, 200) })
}
