import type { Tx } from '#service/catalog/scope.ts'
import type { ListedBackup } from './backups.store.ts'
import { isAnomalous } from './good.ts'

/** Those whose grace period is over and that no job has; each is held until the transaction ends, and passed over by others. */
export async function lockDueRemovals(
  tx: Tx,
  { now, rowsMax }: { readonly now: Date; readonly rowsMax: number },
): Promise<Pick<ListedBackup, 'id' | 'tenant_id' | 'repository_id' | 'system_name'>[]> {
  return await tx
    .selectFrom('backups')
    .select(['id', 'tenant_id', 'repository_id', 'system_name'])
    .where('deleted_at', 'is not', null)
    .where('removed_at', 'is', null)
    .where('removal_due_at', '<=', now)
    .where('removal_run_id', 'is', null)
    .where('held_by_alert', 'is', null)
    .orderBy('removal_due_at')
    .limit(rowsMax)
    .forUpdate()
    .skipLocked()
    .execute()
}

/** Of a repository: those that are there and not good although their snapshots do not say so. */
export async function untrustedBackups(tx: Tx, repositoryId: string): Promise<string[]> {
  const rows = await tx
    .selectFrom('backups')
    .select(['id', 'anomaly', 'anomaly_verdict', 'standing'])
    .where('repository_id', '=', repositoryId)
    .where('removed_at', 'is', null)
    .where((where) => where.or([where('anomaly', 'is not', null), where('standing', '=', 'failed')]))
    .execute()
  return rows.filter((row) => row.standing === 'failed' || isAnomalous(row)).map(({ id }) => id)
}
