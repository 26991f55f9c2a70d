import type { Tx } from '#service/catalog/scope.ts'
import { storedColumns } from './backup-end.ts'
import { insertUnderFreeName } from './backups.ts'
import { findBackupRow, systemNamed, updateBackup, type StoredBackup } from './backups.store.ts'
import type { StoredFacts } from './summary.ts'

/** A backup that is in the repository although no job of the catalog's made it there: imported, or made by the command line. */
export interface FoundBackup {
  readonly id: string
  readonly name: string
  readonly type: StoredBackup['type']
  readonly purpose: string
  readonly startedAt: Date
  readonly facts: StoredFacts
}

export interface FoundIn {
  readonly tenantId: string
  readonly repository: { readonly id: string; readonly place: string }
  readonly systemName: string
  readonly createdBy: { readonly id: string | null; readonly name: string }
  readonly runId: string | null
  readonly at: Date
}

/** Its row: a new one, or the one that it had before it was removed or lost. */
export async function enterFound(tx: Tx, found: FoundBackup, where: FoundIn): Promise<StoredBackup> {
  const columns = {
    ...storedColumns(found.facts, where.repository.place),
    repository_id: where.repository.id,
    status: found.facts.gapCount > 0 ? ('completed_with_gaps' as const) : ('completed' as const),
    fault: null,
    completed_at: where.at,
    missing_at: null,
    removed_at: null,
    removal_due_at: null,
    removal_fault: null,
    deleted_at: null,
    deleted_by: null,
    delete_reason: null,
  }
  const before = await findBackupRow(tx, found.id)
  if (!before) {
    const system = await systemNamed(tx, { tenantId: where.tenantId, name: where.systemName })
    await insertUnderFreeName(tx, {
      id: found.id,
      tenant_id: where.tenantId,
      system_id: system?.id ?? null,
      system_name: where.systemName,
      repository_id: where.repository.id,
      name: found.name,
      type: found.type,
      purpose: found.purpose,
      status: columns.status,
      created_by: where.createdBy.name,
      created_by_id: where.createdBy.id,
      schedule_id: null,
      created_at: found.startedAt,
    })
  }
  await updateBackup(tx, found.id, { ...columns, ...(where.runId !== null && { run_id: where.runId }) })
  return (await findBackupRow(tx, found.id))!
}
