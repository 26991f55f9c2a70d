import { z } from 'zod'
import { parseValue } from '#base/parse.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { ListedBackup } from './backups.store.ts'

const defaultGraceDays = 7

/** `settings`, name `backups.removal-grace-days`. */
export async function removalGraceDays(tx: Tx): Promise<number> {
  const row = await tx.selectFrom('settings').select('value').where('name', '=', 'backups.removal-grace-days').executeTakeFirst()
  return row === undefined ? defaultGraceDays : parseValue(z.number().min(0).max(3650), row.value, 'the setting backups.removal-grace-days')
}

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
