import { unreachable } from '#base/unreachable.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { FaultRecord } from '#service/catalog/tables.ts'
import type { House } from '#service/house.ts'
import { alertOfBackup } from './backup-alerts.ts'
import { updateBackup, type ListedBackup } from './backups.store.ts'
import type { StoredFacts } from './summary.ts'

export type BackupEnd =
  | { readonly kind: 'completed'; readonly facts: StoredFacts; readonly place: string }
  | { readonly kind: 'failed'; readonly fault: FaultRecord }
  | { readonly kind: 'cancelled'; readonly by: string }

export async function noteBackupBegun(tx: Tx, id: string): Promise<void> {
  await updateBackup(tx, id, { status: 'in_progress' })
}

/** What came of the job, with its event in the trail. */
export async function noteBackupEnd(
  house: House,
  tx: Tx,
  { id, end }: { readonly id: string; readonly end: BackupEnd },
): Promise<ListedBackup> {
  const row = await updateBackup(tx, id, { ...columnsOf(end), completed_at: house.clock.now() })
  await alertOfBackup(house, tx, row)
  await recordSystemEvent(tx, house, {
    action: `backup.${row.status.replaceAll('_', '-')}`,
    outcome: 'done',
    tenantId: row.tenant_id,
    subject: { kind: 'backup', id: row.id, name: row.name },
    facts: { runId: row.run_id, system: row.system_name, ...factsOf(end) },
  })
  return row
}

function columnsOf(end: BackupEnd): Parameters<typeof updateBackup>[2] {
  switch (end.kind) {
    case 'completed':
      return { status: end.facts.gapCount > 0 ? 'completed_with_gaps' : 'completed', fault: null, ...storedColumns(end.facts, end.place) }
    case 'failed':
      return { status: 'failed', fault: JSON.stringify(end.fault) }
    case 'cancelled':
      return { status: 'cancelled' }
    default:
      return unreachable(end)
  }
}

function factsOf(end: BackupEnd): Record<string, unknown> {
  switch (end.kind) {
    case 'completed':
      return { snapshot: end.facts.snapshot, checksum: end.facts.checksum, gaps: end.facts.gapCount, bytes: end.facts.logicalBytes }
    case 'failed':
      return { code: end.fault.code, fact: end.fault.fact }
    case 'cancelled':
      return { by: end.by }
    default:
      return unreachable(end)
  }
}

/** What the row of a backup says once it is in the repository at `place`. */
export function storedColumns(facts: StoredFacts, place: string) {
  return {
    snapshot: facts.snapshot,
    file_path: `${place}/snapshots/${facts.snapshot}`,
    file_size_bytes: facts.logicalBytes,
    file_size_compressed: facts.storedBytes,
    compression_ratio: facts.compressionRatio,
    checksum: facts.checksum,
    gap_count: facts.gapCount,
    metadata: JSON.stringify(facts.metadata),
  }
}
