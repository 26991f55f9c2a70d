import { Fault } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { durations } from '#base/units.ts'
import type { SystemSettings } from '#base/settings.ts'
import type { DrillCause, DrillDetails, DrillView } from '#contract/drills.ts'
import { drillReportSchema } from '#engine/restore/drill-report.ts'
import { assertReadable, type Maker } from '#service/backups/backups.ts'
import type { StoredBackup } from '#service/backups/backups.store.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { findDrillRow, findListedDrill, insertDrill, updateDrill, type ListedDrill, type StoredDrill } from './drills.store.ts'

const findingsShown = 100

/** The row and the job that fills it, in the transaction of whoever wants it. BACKUP_NOT_READY, BACKUP_DELETED. */
export async function beginDrill(
  house: Pick<House, 'random' | 'clock' | 'queue'>,
  tx: Tx,
  { backup, cause, by }: { readonly backup: StoredBackup; readonly cause: DrillCause; readonly by: Maker },
): Promise<{ readonly id: string; readonly runId: string }> {
  assertReadable(backup)
  const id = house.random.uuid()
  await insertDrill(tx, {
    id,
    tenant_id: backup.tenant_id,
    system_id: backup.system_id,
    system_name: backup.system_name,
    backup_id: backup.id,
    repository_id: backup.repository_id,
    cause,
    status: 'pending',
    created_by: by.name,
    created_by_id: by.id,
    created_at: house.clock.now(),
  })
  const runId = await house.queue.add(tx, {
    kind: 'drill',
    tenantId: backup.tenant_id,
    systemId: backup.system_id,
    repositoryId: backup.repository_id,
    subjectId: id,
    title: `recovery drill of ${backup.system_name}`,
    order: {},
    createdBy: { id: by.id, name: by.name },
    // The live system is not touched; what is restored must not be removed meanwhile.
    lane: backup.repository_id,
  })
  await updateDrill(tx, id, { run_id: runId })
  return { id, runId }
}

/** NOT_FOUND, also for those of others. */
export async function knownDrill(tx: Tx, id: string): Promise<StoredDrill> {
  return found(await findDrillRow(tx, id), id)
}

export async function listedDrill(tx: Tx, id: string): Promise<ListedDrill> {
  return found(await findListedDrill(tx, id), id)
}

function found<Row>(row: Row | undefined, id: string): Row {
  if (!row) throw new Fault('NOT_FOUND', `there is no drill ${id}`)
  return row
}

export function objectiveMsOf({ objectives: { rtoMinutes } }: Pick<SystemSettings, 'objectives'>): number | null {
  return rtoMinutes === undefined ? null : Math.round(rtoMinutes * durations.minute)
}

export function drillView(row: ListedDrill): DrillView {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    systemId: row.system_id,
    systemName: row.system_name,
    backupId: row.backup_id,
    backupName: row.backup_name,
    backupCreatedAt: row.backup_created_at.toISOString(),
    cause: row.cause,
    status: row.status,
    outcome: row.outcome,
    isBackupAtFault: row.is_backup_at_fault,
    restoredInMs: row.restored_in_ms,
    objectiveMs: row.objective_ms,
    findingCount: row.finding_count,
    fault: row.fault,
    hasReport: row.has_report,
    runId: row.run_id,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
  }
}

export function drillDetails(row: ListedDrill, report: string | null): DrillDetails {
  const said = report === null ? undefined : parse(drillReportSchema, report, 'the report of a drill')
  return {
    ...drillView(row),
    stages: (said?.stages ?? []).map(({ stage, what, durationMs }) => ({ stage, what, durationMs })),
    databases: (said?.databases ?? []).map(({ name, isVerified, tables, rows, compared }) => ({
      name,
      isVerified,
      tables: tables.length,
      rows,
      constraints: compared?.constraints ?? null,
      indexes: compared?.indexes ?? null,
      sequences: compared?.sequences ?? null,
    })),
    roots: (said?.roots ?? []).map(({ name, isVerified, files, bytes, notRestored }) => ({
      name,
      isVerified,
      files,
      bytes,
      notRestored: notRestored.length,
    })),
    assertions: (said?.assertions ?? []).map(({ name, database, outcome, fact }) => ({ name, database, outcome, fact })),
    findings: (said?.findings ?? []).slice(0, findingsShown),
  }
}
