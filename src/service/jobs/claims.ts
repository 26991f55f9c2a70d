import type { Db, PgBoss } from 'pg-boss'
import { z } from 'zod'
import { jobsQueue } from './boss.ts'

/** A job as the queue handed it out: `retryCount` tells this claim from those before. */
export interface ClaimedJob {
  readonly id: string
  readonly retryCount: number
}

/** pg-boss answers with the ids that it changed, which its types do not say. */
const settledSchema = z.object({ settled: z.array(z.string()) })

/** Tells the queue that these are in good hands. Those that it does not know as ours any more are missing from the answer. */
export async function touch(boss: PgBoss, jobs: readonly ClaimedJob[], db?: Db): Promise<ReadonlySet<string>> {
  const given = jobs.map(({ id, retryCount }) => ({ id, retryCount }))
  const answer = await boss.touch(jobsQueue, given, db && { db })
  return new Set(settledSchema.parse(answer).settled)
}
