import type { StoredBackup } from '#service/backups/backups.store.ts'
import type { Tx } from '#service/catalog/scope.ts'

type Kind = Pick<StoredBackup, 'system_id' | 'type'>

const compared = ['metadata', 'file_size_bytes', 'file_size_compressed', 'anomaly', 'anomaly_verdict', 'created_at'] as const

/** Newest first: those of the same system and type that were made before, and that are right as far as anybody knows. */
export async function backupsBefore(
  tx: Tx,
  {
    systemId,
    type,
    before,
    rowsMax,
  }: { readonly systemId: string; readonly type: StoredBackup['type']; readonly before: Date; readonly rowsMax: number },
): Promise<Pick<StoredBackup, (typeof compared)[number]>[]> {
  return await tx
    .selectFrom('backups')
    .select(compared)
    .where('system_id', '=', systemId)
    .where('type', '=', type)
    .where('purpose', '=', 'regular')
    .where('status', 'in', ['completed', 'completed_with_gaps'])
    .where('created_at', '<', before)
    .where((either) => either.or([either('anomaly', 'is', null), either('anomaly_verdict', '=', 'accepted')]))
    .orderBy('created_at', 'desc')
    .limit(rowsMax)
    .execute()
}

/** Oldest first: those that nobody has said anything of yet. Held until the transaction ends. */
export async function lockOpenAnomalies(tx: Tx, { system_id, type }: Kind): Promise<StoredBackup[]> {
  return await tx
    .selectFrom('backups')
    .selectAll()
    .where('system_id', '=', system_id)
    .where('type', '=', type)
    .where('anomaly', 'is not', null)
    .where('anomaly_verdict', 'is', null)
    .where('removed_at', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
    .forUpdate()
    .execute()
}

/** When a restore last went live, and when the system was last changed. */
export async function lastChanges(
  tx: Tx,
  systemId: string,
): Promise<{ readonly restoredAt: Date | null; readonly changedAt: Date | null }> {
  const { restoredAt } = await tx
    .selectFrom('restore_operations')
    .select((select) => select.fn.max('completed_at').as('restoredAt'))
    .where('system_id', '=', systemId)
    .where('kind', 'in', ['restore', 'undo'])
    .where('status', 'in', ['completed', 'completed_with_gaps'])
    .executeTakeFirstOrThrow()
  const system = await tx.selectFrom('systems').select('changed_at').where('id', '=', systemId).executeTakeFirst()
  return { restoredAt, changedAt: system?.changed_at ?? null }
}
