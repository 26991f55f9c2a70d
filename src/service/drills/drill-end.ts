import { parse } from '#base/parse.ts'
import { drillReportSchema, type DrillReport } from '#engine/restore/drill-report.ts'
import { raiseAlert, settleAlert } from '#service/alerts/alerts.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { keepPredecessors } from '#service/backups/alarm-holds.store.ts'
import { settleDamage } from '#service/backups/backup-alerts.ts'
import { lockedBackup } from '#service/backups/backups.ts'
import { updateBackup, type StoredBackup } from '#service/backups/backups.store.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { FaultRecord } from '#service/catalog/tables.ts'
import type { House } from '#service/house.ts'
import { doubtedBackups, updateDrill } from './drills.store.ts'
import { knownDrill } from './drills.ts'

export type DrillEnd =
  | {
      readonly kind: 'completed'
      readonly output: {
        readonly report: string
        readonly standing: StoredBackup['standing']
        readonly standingAt: string | null
      }
    }
  | { readonly kind: 'failed'; readonly fault: FaultRecord }
  | { readonly kind: 'cancelled'; readonly by: string }

export async function noteDrillBegun(tx: Tx, id: string): Promise<void> {
  await updateDrill(tx, id, { status: 'in_progress' })
}

/**
 * What a drill found out: the backup is proven and doubts about it and those before it are over; or it failed, an alert
 * opens, and while that is open whatever was made before it is kept.
 */
export async function noteDrillEnd(
  house: House,
  tx: Tx,
  { id, runId, end }: { readonly id: string; readonly runId: string; readonly end: DrillEnd },
): Promise<void> {
  const drill = await knownDrill(tx, id)
  const backup = await lockedBackup(tx, drill.backup_id)
  const found = findingOf(end)
  await updateDrill(tx, id, { ...columnsOf(end, found), ended_at: house.clock.now() })
  if (found.kind === 'proven' && end.kind === 'completed') await notePassed(house, tx, { backup, output: end.output })
  if (found.kind === 'failed') await noteFailed(house, tx, { backup, found })
  await recordSystemEvent(tx, house, {
    action: `drill.${found.kind}`,
    tenantId: drill.tenant_id,
    subject: { kind: 'drill', id, name: `drill of ${backup.name}` },
    facts: {
      runId,
      backup: backup.id,
      system: drill.system_name,
      cause: drill.cause,
      ...(found.kind === 'proven' && { restoredInMs: found.report.rto.achievedMs }),
      ...(found.kind === 'failed' && { code: found.fault.code, isBackupAtFault: found.isBackupAtFault }),
      ...(end.kind === 'cancelled' && { by: end.by }),
    },
  })
}

type Finding =
  | { readonly kind: 'proven'; readonly report: DrillReport }
  | { readonly kind: 'failed'; readonly fault: FaultRecord; readonly isBackupAtFault: boolean; readonly report: DrillReport | undefined }
  | { readonly kind: 'cancelled' }

function findingOf(end: DrillEnd): Finding {
  if (end.kind === 'cancelled') return end
  if (end.kind === 'failed') {
    const { fault } = end
    // It could not even begin: what cannot be read or is not there is the backup's fault, what cannot be reached is not.
    return { kind: 'failed', fault, isBackupAtFault: /^(DAMAGE_.*|BACKUP_NOT_FOUND)$/.test(fault.code), report: undefined }
  }
  const report = parse(drillReportSchema, end.output.report, 'the report of a drill')
  if (report.fault === null) return { kind: 'proven', report }
  return { kind: 'failed', fault: report.fault, isBackupAtFault: report.isBackupAtFault, report }
}

function columnsOf(end: DrillEnd, found: Finding): Parameters<typeof updateDrill>[2] {
  const report = found.kind === 'cancelled' ? undefined : found.report
  return {
    status: end.kind === 'completed' ? (found.kind === 'proven' ? 'completed' : 'completed_with_gaps') : end.kind,
    ...(found.kind !== 'cancelled' && { outcome: found.kind }),
    ...(found.kind === 'failed' && { is_backup_at_fault: found.isBackupAtFault, fault: JSON.stringify(found.fault) }),
    ...(end.kind === 'completed' && { report: end.output.report }),
    ...(report && {
      restored_in_ms: report.rto.achievedMs,
      objective_ms: report.rto.objectiveMs,
      finding_count: report.findings.length,
    }),
  }
}

async function notePassed(
  house: House,
  tx: Tx,
  { backup, output }: { readonly backup: StoredBackup; readonly output: Extract<DrillEnd, { kind: 'completed' }>['output'] },
): Promise<void> {
  const { standing, standingAt } = output
  await updateBackup(tx, backup.id, { standing, standing_at: standingAt === null ? null : new Date(standingAt) })
  const because = `a drill restored the backup ${backup.name}`
  await settleDamage(house, tx, { id: backup.id, because })
  const { system_id: systemId } = backup
  const doubted = systemId === null ? [backup.id] : await doubtedBackups(tx, { systemId, until: backup.created_at })
  for (const concerns of [...doubted, machineOf(backup)]) await settleAlert(house, tx, { kind: 'drill-failed', concerns, because })
  if (systemId === null) return
  await settleAlert(house, tx, { kind: 'drill-overdue', concerns: systemId, because })
  await keepPredecessors(tx, systemId)
}

async function noteFailed(
  house: House,
  tx: Tx,
  { backup, found }: { readonly backup: StoredBackup; readonly found: Extract<Finding, { kind: 'failed' }> },
): Promise<void> {
  const { fault, isBackupAtFault, report } = found
  const told = { kind: 'drill-failed', tenantId: backup.tenant_id, systemId: backup.system_id } as const
  const facts = { backup: backup.id, code: fault.code, findings: report?.findings.length ?? 0 }
  if (!isBackupAtFault) {
    return await raiseAlert(house, tx, {
      ...told,
      concerns: machineOf(backup),
      subject: { kind: 'system', id: backup.system_id ?? backup.id, name: backup.system_name },
      fact: `a recovery drill of ${backup.system_name} could not be carried out (${fault.code}); it says nothing of the backup`,
      hint: fault.hint,
      facts,
    })
  }
  await updateBackup(tx, backup.id, { standing: 'failed', standing_at: house.clock.now() })
  await raiseAlert(house, tx, {
    ...told,
    concerns: backup.id,
    subject: { kind: 'backup', id: backup.id, name: backup.name },
    fact: `the backup ${backup.name} of ${backup.system_name} could not be restored in a recovery drill (${fault.code}${placesOf(report)})`,
    hint: `Those before it are kept until this is settled. Check the repository, make a new backup, and drill that; a drill that passes settles this. ${fault.hint}`,
    facts,
  })
  if (backup.system_id !== null) await keepPredecessors(tx, backup.system_id)
}

function placesOf(report: DrillReport | undefined): string {
  const failed = report?.assertions.filter(({ outcome }) => outcome === 'fails' || outcome === 'refused') ?? []
  if (failed[0]) return `: the assertion "${failed[0].name}" does not hold${failed.length > 1 ? `, nor do ${failed.length - 1} more` : ''}`
  return report && report.findings.length > 0 ? `: ${report.findings.length} tables and files are wrong` : ''
}

/** What an alert about a machine that cannot hold drills concerns. */
function machineOf({ system_id: systemId, id }: StoredBackup): string {
  return `machine:${systemId ?? id}`
}
