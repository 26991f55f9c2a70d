import type { z } from 'zod'
import { parseValue } from '#base/parse.ts'
import { anomalySchema, type AnomalyView, type backupDetailsSchema, type BackupView } from '#contract/backups.ts'
import type { ListedBackup, RunState, StoredBackup } from './backups.store.ts'
import { metadataOf } from './summary.ts'

/** `backups.anomaly`: what was found; what became of it stands in columns of its own. */
export const foundAnomalySchema = anomalySchema.pick({ findings: true, innocent: true })

export function backupView(row: ListedBackup): BackupView {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    systemId: row.system_id,
    systemName: row.system_name,
    repositoryId: row.repository_id,
    name: row.name,
    type: row.type,
    purpose: row.purpose,
    description: row.description,
    status: row.status,
    standing: row.standing,
    standingAt: instantOf(row.standing_at),
    fileSizeBytes: row.file_size_bytes,
    fileSizeCompressed: row.file_size_compressed,
    compressionRatio: row.compression_ratio,
    gapCount: row.gap_count,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    completedAt: instantOf(row.completed_at),
    runId: row.run_id,
    scheduleId: row.schedule_id,
    deletedAt: instantOf(row.deleted_at),
    deletedBy: row.deleted_by,
    deleteReason: row.delete_reason,
    removalDueAt: instantOf(row.removal_due_at),
    removedAt: instantOf(row.removed_at),
    missingAt: instantOf(row.missing_at),
    heldByAlert: row.held_by_alert,
    anomaly: anomalyOf(row),
  }
}

function anomalyOf(row: ListedBackup): AnomalyView | null {
  if (row.anomaly === null) return null
  return {
    ...parseValue(foundAnomalySchema, row.anomaly, 'the anomaly of a backup'),
    verdict: row.anomaly_verdict,
    settledAt: instantOf(row.anomaly_settled_at),
    settledBy: row.anomaly_settled_by,
    reason: row.anomaly_reason,
  }
}

export function backupDetails(
  row: StoredBackup,
  { run, holdCount }: { readonly run: RunState | undefined; readonly holdCount: number },
): z.output<typeof backupDetailsSchema> {
  return {
    ...backupView(row),
    holdCount,
    snapshot: row.snapshot,
    filePath: row.file_path,
    checksum: row.checksum,
    manifest: metadataOf(row.metadata).summary ?? null,
    fault: row.fault,
    removalFault: row.removal_fault,
    durationSeconds: run?.started_at && run.ended_at ? (run.ended_at.getTime() - run.started_at.getTime()) / 1000 : null,
    run: run
      ? {
          id: run.id,
          status: run.status,
          stage: run.stage,
          percent: run.percent,
          startedAt: instantOf(run.started_at),
          endedAt: instantOf(run.ended_at),
        }
      : null,
  }
}

function instantOf(at: Date | null): string | null {
  return at?.toISOString() ?? null
}
