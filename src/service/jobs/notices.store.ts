import { sql } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'

export const jobsChannel = 'integrum_jobs'

/** Workers look at once instead of at their next look. */
export async function wakeWorkers(tx: Tx): Promise<void> {
  await sql`select pg_notify(${jobsChannel}, '')`.execute(tx)
}
