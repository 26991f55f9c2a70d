import { isWhole } from '#base/backup-types.ts'
import { Fault } from '#base/fault.ts'
import type { Verdict } from '#contract/backups.ts'
import { raiseAlert, settleAlert } from '#service/alerts/alerts.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { keepPredecessors } from '#service/backups/alarm-holds.store.ts'
import { foundAnomalySchema } from '#service/backups/backup-view.ts'
import { knownBackup } from '#service/backups/backups.ts'
import { updateBackup, type ListedBackup, type StoredBackup } from '#service/backups/backups.store.ts'
import { metadataOf } from '#service/backups/summary.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { backupsBefore, lastChanges, lockOpenAnomalies } from './anomalies.store.ts'
import { compare, pastMax } from './compare.ts'
import { innocentCauses } from './innocent-causes.ts'
import { portraitOf, type PastPortrait } from './portrait.ts'

const findingsKept = 50

/**
 * Compares a backup that was just completed with those before it. One that is unlike them is marked and no good one
 * (SAFETY rule 28), people are told, and what was made before it is kept until somebody has said whether it is right.
 */
export async function judgeBackup(house: House, tx: Tx, id: string): Promise<void> {
  const backup = await knownBackup(tx, id)
  // What is selected differs from one to the next, and none of them stands for the system.
  if (!isWhole(backup)) return
  const { system_id: systemId, type, created_at: before } = backup
  const now = portraitOf(measured(backup))
  if (systemId === null || !now) return
  const past = await backupsBefore(tx, { systemId, type, before, rowsMax: pastMax })
  const findings = compare(now, past.flatMap(pastPortrait))
  if (findings.length === 0) return
  const { restoredAt, changedAt } = await lastChanges(tx, systemId)
  const sinceLast = (at: Date | null) => (at !== null && at > past[0]!.created_at ? at : null)
  const innocent = innocentCauses(findings, { restoredAt: sinceLast(restoredAt), changedAt: sinceLast(changedAt) })
  const anomaly = { findings: findings.slice(0, findingsKept), innocent }
  await updateBackup(tx, id, { anomaly: JSON.stringify(anomaly) })
  const facts = anomaly.findings.map(({ fact }) => fact)
  await recordSystemEvent(tx, house, {
    action: 'backup.anomalous',
    tenantId: backup.tenant_id,
    subject: { kind: 'backup', id, name: backup.name },
    facts: { system: backup.system_name, findings: facts },
  })
  await raiseAnomalous(house, tx, { ...backup, anomaly })
}

function measured({
  metadata,
  file_size_bytes,
  file_size_compressed,
}: Pick<StoredBackup, 'metadata' | 'file_size_bytes' | 'file_size_compressed'>) {
  return { metadata: metadataOf(metadata), logicalBytes: file_size_bytes, storedBytes: file_size_compressed }
}

function pastPortrait(row: Awaited<ReturnType<typeof backupsBefore>>[number]): PastPortrait[] {
  const portrait = portraitOf(measured(row))
  return portrait ? [{ ...portrait, accepted: anomalyOf(row).findings.map(({ measure }) => measure) }] : []
}

function anomalyOf({ anomaly }: Pick<ListedBackup, 'anomaly'>) {
  return anomaly === null ? { findings: [], innocent: [] } : foundAnomalySchema.parse(anomaly)
}

/** One for a system and type, about the first of them; others that follow are found so again. */
async function raiseAnomalous(house: House, tx: Tx, backup: StoredBackup): Promise<void> {
  const { findings, innocent } = anomalyOf(backup)
  const [first, ...others] = findings
  await raiseAlert(house, tx, {
    kind: 'backup-anomalous',
    concerns: concernsOf(backup),
    tenantId: backup.tenant_id,
    systemId: backup.system_id,
    subject: { kind: 'backup', id: backup.id, name: backup.name },
    fact: `the backup ${backup.name} of ${backup.system_name} is unlike those before it: ${first!.fact}${others.length > 0 ? `, and ${others.length} more` : ''}`,
    hint: `Look at the system now: was this meant? Those before it are kept until somebody accepts or rejects it. Without any harm it may be: ${innocent.join('; ')}.`,
    facts: { findings: findings.map(({ fact }) => fact).slice(0, findingsTold) },
  })
  await keepPredecessors(tx, backup.system_id!)
}

const findingsTold = 10

function concernsOf({ system_id: systemId, type }: Pick<ListedBackup, 'system_id' | 'type'>): string {
  return `${systemId}:${type}`
}

export interface Settlement {
  readonly id: string
  readonly verdict: Verdict
  readonly reason: string
  readonly by: string
}

/**
 * Somebody has said what it is: of this backup, and of those before it of the same system and type that nobody had said
 * anything of. Accepted, it is a good backup and what others are compared with; rejected, it never is. Either way what was
 * made before it is no longer kept on its account. ANOMALY_NONE.
 */
export async function settleAnomaly(
  house: House,
  tx: Tx,
  { id, verdict, reason, by }: Settlement,
): Promise<{ readonly backup: ListedBackup; readonly settled: readonly string[] }> {
  const backup = await knownBackup(tx, id)
  const open = await lockOpenAnomalies(tx, backup)
  const at = open.findIndex((one) => one.id === id)
  if (at < 0) throw new Fault('ANOMALY_NONE', `backup ${id} is not marked as unlike others, or somebody has settled that`)
  const settled = open.slice(0, at + 1)
  const columns = { anomaly_verdict: verdict, anomaly_settled_at: house.clock.now(), anomaly_settled_by: by, anomaly_reason: reason }
  for (const one of settled) await updateBackup(tx, one.id, columns)
  await settleAlert(house, tx, { kind: 'backup-anomalous', concerns: concernsOf(backup), because: `${verdict} by ${by}: ${reason}` })
  const next = open[at + 1]
  if (next) await raiseAnomalous(house, tx, next)
  await keepPredecessors(tx, backup.system_id!)
  return { backup: await knownBackup(tx, id), settled: settled.map((one) => one.id) }
}
