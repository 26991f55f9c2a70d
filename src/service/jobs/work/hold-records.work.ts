import { z } from 'zod'
import { holdRecordsAmong, recordHold, type NewHoldRecord } from '#engine/repository/hold-records.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'

export interface HoldRecordsInput {
  readonly repository: RepositoryPlace
  readonly wanted: readonly NewHoldRecord[]
}

export const holdRecordsOutputSchema = z.object({ written: z.number().int().nonnegative() })

/** Writes those that are not there yet; records are only ever added. */
export async function work(
  { repository: place, wanted }: HoldRecordsInput,
  tools: WorkTools,
): Promise<z.infer<typeof holdRecordsOutputSchema>> {
  const { signal } = tools
  await using repository = await jobRepository(place, tools)
  const there = new Set(holdRecordsAmong(repository, await repository.snapshots(signal)).map(({ id, state }) => `${id} ${state}`))
  const missing = wanted.filter(({ id, state }) => !there.has(`${id} ${state}`))
  for (const hold of missing) await recordHold(repository, hold, signal)
  return { written: missing.length }
}
