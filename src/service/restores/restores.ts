import { createHash } from 'node:crypto'
import path from 'node:path'
import { Fault } from '#base/fault.ts'
import { validationResultsSchema, type RestoreView } from '#contract/restores.ts'
import { canonicalJson } from '#engine/repository/canonical-json.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { restorableBackup, knownPlan } from './plans.ts'
import {
  findRestore,
  holdSystem,
  insertRestore,
  lockPlan,
  lockRestore,
  needsSecondApprover,
  openRestoreOf,
  updatePlan,
  updateRestore,
  type StoredPlan,
  type StoredRestore,
} from './restores.store.ts'

export interface Actor {
  readonly id: string
  readonly name: string
}

export interface BegunRestore {
  readonly row: StoredRestore
  readonly runId: string | null
}

/** Journals and what is needed to undo: the same layout as the command line's, in the data directory. */
export function stateDirectoryOf({ config }: Pick<House, 'config'>): string {
  return path.join(config.dataDirectory, 'state')
}

export async function knownRestore(tx: Tx, id: string): Promise<StoredRestore> {
  const row = await findRestore(tx, id)
  if (!row) throw new Fault('NOT_FOUND', `there is no restore ${id}`)
  return row
}

export function assertConfirmed(systemName: string, confirm: string): void {
  if (confirm === systemName) return
  throw new Fault('CONFIRMATION_MISMATCH', `what was typed is not the name of the system, which is "${systemName}"`, {
    field: 'confirm',
    system: systemName,
  })
}

/** PLAN_NOT_READY, PLAN_USED, PLAN_EXPIRED; whether its target is still the same the engine finds out when it begins. */
export function assertUsable(plan: StoredPlan, now: Date): asserts plan is StoredPlan & { digest: string } {
  // What single records are written from is no document of the catalog, but a folder.
  if (plan.status !== 'ready' || plan.digest === null || (plan.extent === 'whole' && plan.document === null))
    throw new Fault('PLAN_NOT_READY', `plan ${plan.id} is ${plan.status}`, { status: plan.status })
  if (plan.used_at !== null) throw new Fault('PLAN_USED', `plan ${plan.id} was carried out already`)
  assertCurrent(plan, now)
}

function assertCurrent({ id, expires_at }: StoredPlan, now: Date): void {
  if (expires_at === null || expires_at > now) return
  throw new Fault('PLAN_EXPIRED', `plan ${id} expired at ${expires_at.toISOString()}`, { expiredAt: expires_at.toISOString() })
}

export interface RestoreWish {
  readonly planId: string
  readonly reason: string
  readonly withoutSafetyBackupReason: string | null
  readonly by: Actor
}

/** Takes the plan, once. It begins at once, or when a second person has signed. */
export async function beginRestore(house: House, tx: Tx, wish: RestoreWish): Promise<BegunRestore> {
  const now = house.clock.now()
  const seen = await knownPlan(tx, wish.planId)
  await holdSystem(tx, seen)
  const plan = (await lockPlan(tx, seen.id))!
  assertUsable(plan, now)
  await restorableBackup(tx, plan.backup_id)
  await assertNothingUnderWay(house, tx, plan)
  const waits = await needsSecondApprover(tx, plan.system_id)
  const row = await insertRestore(tx, {
    id: plan.id,
    tenant_id: plan.tenant_id,
    system_id: plan.system_id,
    system_name: plan.system_name,
    backup_id: plan.backup_id,
    plan_id: plan.id,
    kind: 'restore',
    extent: plan.extent,
    of_restore_id: null,
    waits_for_approval: waits,
    restored_by: wish.by.name,
    restored_by_id: wish.by.id,
    created_at: now,
    without_safety_backup_reason: wish.withoutSafetyBackupReason,
    reason: wish.reason,
  })
  await updatePlan(tx, plan.id, { used_at: now })
  return waits ? { row, runId: null } : await enqueue(house, tx, { row, plan, by: wish.by })
}

/** By somebody else than who ordered it (21 CFR 11, four eyes). */
export async function approveRestore(
  house: House,
  tx: Tx,
  { planId, by }: { readonly planId: string; readonly by: Actor },
): Promise<BegunRestore> {
  const plan = await knownPlan(tx, planId)
  const waiting = await lockRestore(tx, planId)
  if (!waiting) throw new Fault('NOT_FOUND', `nobody has ordered plan ${planId} yet`)
  if (waiting.status !== 'pending' || !waiting.waits_for_approval)
    throw new Fault('RESTORE_STATE', `restore ${planId} does not wait for anybody`, { status: waiting.status })
  assertAnother(waiting, by)
  assertCurrent(plan, house.clock.now())
  const row = await updateRestore(tx, planId, { waits_for_approval: false, approved_by: by.name, approved_by_id: by.id })
  return await enqueue(house, tx, { row, plan, by: { id: waiting.restored_by_id!, name: waiting.restored_by } })
}

export function assertAnother(waiting: StoredRestore, by: Actor): void {
  if (waiting.restored_by_id === by.id)
    throw new Fault('SECOND_APPROVER', `${by.name} ordered this restore, and a second person must approve it`)
}

export interface AfterWish {
  readonly kind: 'undo' | 'release'
  readonly of: string
  readonly reason: string
  readonly by: Actor
  readonly order: { readonly lossRowsMax?: number | undefined; readonly withoutBackup?: string | undefined }
}

/** Undoes a restore, or lets go of what it replaced. */
export async function beginAfter(house: House, tx: Tx, { kind, of, reason, by, order }: AfterWish): Promise<BegunRestore> {
  const seen = await knownRestore(tx, of)
  const plan = await knownPlan(tx, seen.plan_id!)
  await holdSystem(tx, plan)
  const restore = (await lockRestore(tx, of))!
  if (!mayUndo(restore))
    throw new Fault('RESTORE_STATE', `restore ${of} is ${stateOf(restore)}, and only one that is live can be undone or released`, {
      status: restore.status,
    })
  await assertNothingUnderWay(house, tx, plan)
  const row = await insertRestore(tx, {
    id: house.random.uuid(),
    tenant_id: restore.tenant_id,
    system_id: restore.system_id,
    system_name: restore.system_name,
    backup_id: restore.backup_id,
    plan_id: restore.plan_id,
    kind,
    extent: restore.extent,
    of_restore_id: restore.id,
    waits_for_approval: false,
    restored_by: by.name,
    restored_by_id: by.id,
    created_at: house.clock.now(),
    without_safety_backup_reason: order.withoutBackup ?? null,
    reason,
  })
  return await enqueue(house, tx, { row, plan, by, order: { lossRowsMax: order.lossRowsMax ?? null } })
}

async function assertNothingUnderWay({ clock }: House, tx: Tx, { tenant_id, system_name }: StoredPlan): Promise<void> {
  const other = await openRestoreOf(tx, { tenantId: tenant_id, systemName: system_name, now: clock.now() })
  if (other)
    throw new Fault('RESTORE_UNDER_WAY', `a ${other.kind} of ${system_name} by ${other.by} waits or goes on`, { restore: other.id })
}

interface Enqueued {
  readonly row: StoredRestore
  readonly plan: StoredPlan
  readonly by: Actor
  readonly order?: Readonly<Record<string, unknown>>
}

async function enqueue(house: House, tx: Tx, { row, plan, by, order = {} }: Enqueued): Promise<BegunRestore> {
  const runId = await house.queue.add(tx, {
    kind: jobKindOf(row),
    tenantId: row.tenant_id,
    systemId: row.system_id,
    repositoryId: plan.repository_id,
    subjectId: row.id,
    title: `${row.kind} of ${row.extent === 'records' ? 'records of ' : ''}${row.system_name}`,
    order,
    createdBy: by,
    lane: row.system_id ?? plan.repository_id,
  })
  return { row: await updateRestore(tx, row.id, { run_id: runId }), runId }
}

/** Single records are written and taken back by jobs of their own; what is kept of them is let go as any other. */
function jobKindOf({ kind, extent }: StoredRestore): string {
  return extent === 'records' ? `${kind}-records` : kind
}

/** Takes back what waits; what goes on is told, and given up unless it swaps already. */
export async function cancelRestore(house: House, tx: Tx, { id, by }: { readonly id: string; readonly by: Actor }): Promise<StoredRestore> {
  await knownRestore(tx, id)
  const row = (await lockRestore(tx, id))!
  if (row.status !== 'pending' && row.status !== 'in_progress')
    throw new Fault('JOB_OVER', `${row.kind} ${id} has ended already`, { status: row.status })
  if (row.run_id === null)
    return await updateRestore(tx, id, { status: 'cancelled', completed_at: house.clock.now(), waits_for_approval: false })
  await house.queue.cancel(tx, row.run_id, by.name)
  return await knownRestore(tx, id)
}

/** What whoever undoes or releases signs: that, of exactly this restore. */
export function digestOfAfter(kind: 'undo' | 'release', restore: StoredRestore, order: AfterWish['order']): string {
  return createHash('sha256')
    .update(canonicalJson({ kind, restore: restore.id, plan: restore.plan_id, backup: restore.backup_id, ...order }))
    .digest('hex')
}

function mayUndo({ kind, extent, status, undone_at, released_at }: StoredRestore): boolean {
  const isLive = status === 'completed' || status === 'completed_with_gaps'
  // The undoing of single records takes its change set back, and leaves nothing to take back in its turn.
  const mayEver = kind === 'restore' || (kind === 'undo' && extent === 'whole')
  return mayEver && isLive && undone_at === null && released_at === null
}

function stateOf({ kind, status, undone_at, released_at }: StoredRestore): string {
  if (undone_at !== null) return 'undone'
  if (released_at !== null) return 'released'
  return kind === 'release' ? 'a release' : status.replaceAll('_', ' ')
}

export function restoreView(row: StoredRestore): RestoreView {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    kind: row.kind,
    extent: row.extent,
    ofRestoreId: row.of_restore_id,
    systemId: row.system_id,
    systemName: row.system_name,
    backupId: row.backup_id,
    planId: row.plan_id,
    status: row.status,
    waitsForApproval: row.waits_for_approval,
    restoredBy: row.restored_by,
    approvedBy: row.approved_by,
    reason: row.reason,
    withoutSafetyBackupReason: row.without_safety_backup_reason,
    safetyBackupId: row.safety_backup_id,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    completedAt: row.completed_at?.toISOString() ?? null,
    undoUntil: row.undo_until?.toISOString() ?? null,
    undoneAt: row.undone_at?.toISOString() ?? null,
    releasedAt: row.released_at?.toISOString() ?? null,
    mayUndo: mayUndo(row),
    fault: row.fault,
    runId: row.run_id,
    validationResults: validationResultsSchema.parse(row.validation_results),
  }
}
