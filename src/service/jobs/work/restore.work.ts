import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { orderOfPlan } from '#engine/restore/order-of-plan.ts'
import { parsePlan } from '#engine/restore/plan.ts'
import { runRestore } from '#engine/restore/restore.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'
import { liveState, madeBackup, recoveredState, restoredOf, restoreInstruments, type Restored } from './restored.ts'

export interface RestoreInput {
  /** As the engine printed it. */
  readonly document: string
  readonly repository: RepositoryPlace
  readonly stateDirectory: string
  readonly confirmed: string
  readonly withoutSafetyBackup?: string | undefined
}

/**
 * One restore by its plan. A successor first finishes or takes back what was cut off: what went live is done, what did not
 * is carried out again by the same plan.
 */
export async function work({ document, repository: place, ...input }: RestoreInput, tools: WorkTools): Promise<Restored> {
  const { signal, log } = tools
  const { stateDirectory } = input
  const plan = parsePlan(document, 'of the catalog')
  await using repository = await jobRepository(place, tools, {
    onDamagedIndex: (fault) => log(`${fault.message}: what only it names cannot be read`, 'warning'),
  })
  const before = await recoveredState(stateDirectory, plan.restore, tools)
  if (before?.step === 'swapped') return restoredOf(before, await madeBackup(repository, before.safetyBackup, signal))
  try {
    const order = await orderOfPlan(repository, plan, { now: systemClock.now(), signal })
    const state = await runRestore(
      repository,
      { plan, order },
      {
        ...input,
        compressionLevel: 1,
        instruments: restoreInstruments(tools),
        isAgain: before !== undefined,
        // Fenced: whoever lost the job never swaps. And from here on nobody interrupts it.
        confirmSwap: () => tools.trail({ isUninterruptible: true }),
      },
      signal,
    )
    return restoredOf(state, await madeBackup(repository, state.safetyBackup, signal))
  } catch (error) {
    const live = isFault(error, 'HOOK_FAILED') ? await liveState(stateDirectory, plan.restore) : undefined
    if (!live || !isFault(error)) throw error
    const hookFault = { code: error.code, fact: error.message, hint: error.hint }
    return restoredOf(live, await madeBackup(repository, live.safetyBackup, signal), { hookFault })
  }
}
