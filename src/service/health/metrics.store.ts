import { sql } from 'kysely'
import { severities } from '#contract/notice-kinds.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { Measurements } from './metrics.ts'

/** What is counted over all systems of the scope. */
export async function countedNow(tx: Tx, dayAgo: Date): Promise<Pick<Measurements, 'jobs' | 'failedLastDay' | 'alerts'>> {
  const jobs = await sql<{ status: string; count: number }>`
    select status, count(*) as count from runs where status in ('pending', 'in_progress') group by status`.execute(tx)
  const failed = await sql<{ count: number }>`select count(*) as count from runs where status = 'failed' and ended_at > ${dayAgo}`.execute(
    tx,
  )
  const alerts = await sql<{ severity: string; count: number }>`
    select severity, count(*) as count from alerts where settled_at is null group by severity`.execute(tx)
  // One that is at zero is said to be, so that a rule may compare it.
  const filled = <Name extends string>(names: readonly Name[], counted: (name: Name) => number | undefined) =>
    names.map((name) => [name, counted(name) ?? 0] as const)
  return {
    jobs: filled(['pending', 'in_progress'], (name) => jobs.rows.find(({ status }) => status === name)?.count).map(([status, count]) => ({
      status,
      count,
    })),
    failedLastDay: failed.rows[0]!.count,
    alerts: filled(severities, (name) => alerts.rows.find(({ severity }) => severity === name)?.count).map(([severity, count]) => ({
      severity,
      count,
    })),
  }
}

export async function tenantNames(tx: Tx): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.selectFrom('tenants').select(['id', 'name']).execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}
