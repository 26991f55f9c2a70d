import { sql } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'

/** Fails when the catalog does not answer. */
export async function assertCatalogAnswers(tx: Tx): Promise<void> {
  await sql`select from tenants limit 1`.execute(tx)
}

/** How many jobs are at work, and since when the oldest of the others waits. */
export async function waitingJobs(tx: Tx): Promise<{ readonly atWork: number; readonly oldest: Date | null }> {
  const { rows } = await sql<{ at_work: number; oldest: Date | null }>`
    select count(*) filter (where status = 'in_progress') as at_work, min(created_at) filter (where status = 'pending') as oldest
    from runs where status in ('pending', 'in_progress')`.execute(tx)
  return { atWork: rows[0]!.at_work, oldest: rows[0]!.oldest }
}
