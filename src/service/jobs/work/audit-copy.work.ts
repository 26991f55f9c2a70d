import { z } from 'zod'
import { checkpointsAmong, recordCheckpoint, trimCheckpoints, type SignedCheckpoint } from '#engine/repository/checkpoints.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'

export interface AuditCopyInput {
  readonly repository: RepositoryPlace
  readonly checkpoint: SignedCheckpoint
}

export const auditCopyOutputSchema = z.object({ snapshot: z.string(), seq: z.number().int(), removed: z.number().int() })

export async function work(
  { repository: place, checkpoint }: AuditCopyInput,
  tools: WorkTools,
): Promise<z.infer<typeof auditCopyOutputSchema>> {
  const { signal } = tools
  await using repository = await jobRepository(place, tools)
  // An attempt that was cut off may have written it.
  const there = checkpointsAmong(await repository.snapshots(signal)).find(
    (stored) => stored.checkpoint.installation === checkpoint.installation && stored.checkpoint.seq === checkpoint.seq,
  )
  const snapshot = there?.snapshot ?? (await recordCheckpoint(repository, checkpoint, signal))
  const removed = await trimCheckpoints(repository, checkpoint.installation, signal)
  return { snapshot, seq: checkpoint.seq, removed }
}
