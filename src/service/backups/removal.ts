import { Fault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { FaultRecord } from '#service/catalog/tables.ts'
import type { House } from '#service/house.ts'
import { writeCertificate } from '#service/retention/certificates.ts'
import { removalGraceDays } from '#service/retention/grace.ts'
import { assertMayGo } from '#service/retention/guard.ts'
import { lockedBackup } from './backups.ts'
import { updateBackup, type ListedBackup } from './backups.store.ts'
import { settleDamage } from './backup-alerts.ts'
import { isKeptByAlarm } from './good.ts'
import { expireDownloads } from './downloads.store.ts'
import { lockDueRemovals } from './removal.store.ts'

/** How long after a refusal it is tried again: by then there may be a newer good backup. */
const refusedAgainMs = durations.day
const dueAtOnceMax = 100

/** Out of the lists, and due to be removed when the grace period is over. BACKUP_BUSY, BACKUP_DELETED, BACKUP_KEPT, RETENTION_HELD, RETENTION_MINIMUM. */
export async function deleteBackup(
  house: House,
  tx: Tx,
  { id, reason, by }: { readonly id: string; readonly reason: string; readonly by: string },
): Promise<ListedBackup> {
  const row = await lockedBackup(tx, id)
  if (row.deleted_at !== null) throw new Fault('BACKUP_DELETED', `backup ${id} was deleted at ${row.deleted_at.toISOString()}`)
  if (row.status === 'pending' || row.status === 'in_progress')
    throw new Fault('BACKUP_BUSY', `backup ${id} is still being made`, { status: row.status })
  assertNotKept(row)
  await assertMayGo(house, tx, row)
  const now = house.clock.now()
  const graceMs = (await removalGraceDays(tx)) * durations.day
  return await updateBackup(tx, id, {
    deleted_at: now,
    deleted_by: by,
    delete_reason: reason,
    deleted_under: null,
    removal_due_at: new Date(now.getTime() + graceMs),
    removal_fault: null,
  })
}

/** BACKUP_KEPT while an alarm of its system is open. */
export function assertNotKept(row: Pick<ListedBackup, 'id' | 'held_by_alert'>): void {
  if (isKeptByAlarm(row)) throw new Fault('BACKUP_KEPT', `backup ${row.id} is kept until alert ${row.held_by_alert} is settled`)
}

/** BACKUP_BUSY while the job that removes it is under way, BACKUP_NOT_READY when it is removed or was not deleted. */
export async function undeleteBackup(tx: Tx, id: string): Promise<{ readonly before: ListedBackup; readonly after: ListedBackup }> {
  const before = await lockedBackup(tx, id)
  if (before.removed_at !== null) throw new Fault('BACKUP_NOT_READY', `backup ${id} was removed at ${before.removed_at.toISOString()}`)
  if (before.deleted_at === null) throw new Fault('BACKUP_NOT_READY', `backup ${id} is not deleted`)
  if (before.removal_run_id !== null) throw new Fault('BACKUP_BUSY', `backup ${id} is being removed`)
  return { before, after: await takeBack(tx, id) }
}

async function takeBack(tx: Tx, id: string): Promise<ListedBackup> {
  return await updateBackup(tx, id, {
    deleted_at: null,
    deleted_by: null,
    delete_reason: null,
    deleted_under: null,
    removal_due_at: null,
    removal_run_id: null,
    removal_fault: null,
  })
}

/** A job for each backup whose grace period is over: once, however many services look. Returns how many. */
export async function enqueueDueRemovals(house: House): Promise<number> {
  return await house.catalog.as(everything, async (tx) => {
    const due = await lockDueRemovals(tx, { now: house.clock.now(), rowsMax: dueAtOnceMax })
    for (const row of due) {
      const runId = await house.queue.add(tx, {
        kind: 'remove',
        tenantId: row.tenant_id,
        systemId: null,
        repositoryId: row.repository_id,
        subjectId: row.id,
        title: `removal of a backup of ${row.system_name}`,
        order: {},
        createdBy: { id: null, name: 'Integrum' },
        lane: row.repository_id,
      })
      await updateBackup(tx, row.id, { removal_run_id: runId })
    }
    return due.length
  })
}

export interface RemovalEnd {
  readonly id: string
  readonly runId: string
}

/** The row stays as a tombstone, with a certificate that says what was removed and why. */
export async function noteRemoved(
  house: House,
  tx: Tx,
  { id, runId, forgotten }: RemovalEnd & { readonly forgotten: readonly string[] },
): Promise<void> {
  const now = house.clock.now()
  const row = await updateBackup(tx, id, { removed_at: now, removal_run_id: null, removal_fault: null })
  await expireDownloads(tx, id, now)
  const certificate = await writeCertificate(house, tx, row, { runId, snapshots: forgotten, at: now })
  await settleDamage(house, tx, { id, because: 'the backup was removed' })
  await recordSystemEvent(tx, house, {
    action: 'backup.removed',
    tenantId: row.tenant_id,
    subject: { kind: 'backup', id, name: row.name },
    ...(row.delete_reason !== null && { reason: row.delete_reason }),
    facts: { runId, deletedBy: row.deleted_by, snapshots: forgotten, certificate: certificate.id },
  })
}

/**
 * The backup stays; why is shown, and it is tried again later. When it must stay, by a hold or by its policy, the deletion
 * itself is taken back.
 */
export async function noteNotRemoved(
  house: House,
  tx: Tx,
  { id, runId, fault }: RemovalEnd & { readonly fault: FaultRecord },
): Promise<void> {
  const at = new Date(house.clock.now().getTime() + refusedAgainMs)
  const isKept = mustStay.has(fault.code) || (await lockedBackup(tx, id)).deleted_at === null
  const row = isKept
    ? await takeBack(tx, id)
    : await updateBackup(tx, id, { removal_due_at: at, removal_run_id: null, removal_fault: JSON.stringify(fault) })
  await recordSystemEvent(tx, house, {
    action: 'backup.removal-refused',
    outcome: 'refused',
    tenantId: row.tenant_id,
    subject: { kind: 'backup', id, name: row.name },
    facts: { runId, code: fault.code, fact: fault.fact, ...(isKept ? { isUndeleted: true } : { nextTry: at.toISOString() }) },
  })
}

const mustStay: ReadonlySet<string> = new Set(['RETENTION_HELD', 'RETENTION_KEPT'])
