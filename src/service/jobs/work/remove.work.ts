import { z } from 'zod'
import { isFault } from '#base/fault.ts'
import { backupOf } from '#engine/backup/backups.ts'
import { executeForget, planForget } from '#engine/repository/forget.ts'
import { backupTagOf, isProof } from '#engine/repository/proofs.ts'
import type { Repository, Snapshot } from '#engine/repository/repository.ts'
import { nothingHeld } from '#engine/repository/retention.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'

export interface RemoveInput {
  readonly id: string
  readonly repository: RepositoryPlace
  /** Backups that are whole and yet not good, such as anomalous ones: none of them is the last good one (SAFETY rule 28). */
  readonly untrusted: readonly string[]
}

export const removeOutputSchema = z.object({
  /** Of the backup and of what proved it. Empty when it was gone already. */
  forgotten: z.array(z.string()),
})

const plansMax = 3

/**
 * Forgets exactly this backup. Whether it may go is the engine's word, planned and asked again inside the exclusive lock:
 * RETENTION_LAST_GOOD, RETENTION_HELD, RETENTION_CLOCK.
 */
export async function work({ repository: place, ...order }: RemoveInput, tools: WorkTools): Promise<z.infer<typeof removeOutputSchema>> {
  await using repository = await jobRepository(place, tools)
  for (let plans = 1; ; plans += 1) {
    try {
      return { forgotten: await forget(repository, order, tools.signal) }
    } catch (error) {
      // Another backup was made between the plan and the lock.
      if (!isFault(error, 'PLAN_STALE') || plans >= plansMax) throw error
    }
  }
}

async function forget(repository: Repository, { id, untrusted }: Omit<RemoveInput, 'repository'>, signal: AbortSignal): Promise<string[]> {
  const { whole } = await repository.listSnapshots(signal)
  const snapshots = whole.filter((snapshot) => !isProof(snapshot) && backupOf(snapshot)?.id === id).map((snapshot) => snapshot.id)
  if (snapshots.length === 0) return []
  const keeping = { ...nothingHeld, isGood: (snapshot: Snapshot) => !untrusted.includes(backupTagOf(snapshot)) }
  const plan = await planForget(repository, { kind: 'chosen', snapshots }, keeping, signal)
  return [...(await executeForget(repository, plan, keeping, signal)).forgotten]
}
