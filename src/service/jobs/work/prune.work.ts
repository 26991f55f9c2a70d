import { z } from 'zod'
import { isFault } from '#base/fault.ts'
import { planPrune } from '#engine/repository/prune-plan.ts'
import { executePrune, type PruneResult } from '#engine/repository/prune.ts'
import type { Repository } from '#engine/repository/repository.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'

const count = z.number().int().nonnegative()

export const pruneOutputSchema = z.object({
  /** Needed by nobody from now on; they stay until their grace period is over, and a later prune deletes them. */
  markedPacks: count,
  waitingPacks: count,
  repackedPacks: count,
  deletedPacks: count,
  deletedBytes: count,
})

const plansMax = 3

/** Marks the packs that no backup needs, and deletes those that were marked long enough ago (SAFETY rule 26). */
export async function work(
  { repository: place }: { readonly repository: RepositoryPlace },
  tools: WorkTools,
): Promise<z.infer<typeof pruneOutputSchema>> {
  await using repository = await jobRepository(place, tools)
  for (let plans = 1; ; plans += 1) {
    try {
      const { markedPacks, waitingPacks, repackedPacks, deletedPacks, deletedBytes } = await prune(repository, tools.signal)
      return { markedPacks, waitingPacks, repackedPacks, deletedPacks, deletedBytes }
    } catch (error) {
      // A backup was made between the plan and the lock.
      if (!isFault(error, 'PLAN_STALE') || plans >= plansMax) throw error
    }
  }
}

async function prune(repository: Repository, signal: AbortSignal): Promise<PruneResult> {
  return await executePrune(repository, await planPrune(repository, {}, signal), signal)
}
