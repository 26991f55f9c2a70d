import { createHash } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import type { HoldView } from '#contract/holds.ts'
import { canonicalJson } from '#engine/repository/canonical-json.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { covers, type Hold } from './hold.ts'
import {
  countHeld,
  findHold,
  insertHold,
  isBeingRemoved,
  lockCandidate,
  lockCandidates,
  lockHold,
  markReleased,
  namesOfBackups,
  undeleteHeld,
  type HoldCandidate,
  type StoredHold,
} from './holds.store.ts'

export interface HoldOrder {
  readonly tenantId: string
  readonly backupId?: string | undefined
  readonly system?: { readonly id: string; readonly name: string } | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
  readonly reason: string
  readonly reference: string
  readonly by: { readonly id: string | null; readonly name: string }
}

export interface PlacedHold {
  readonly hold: StoredHold
  readonly undeleted: readonly HoldCandidate[]
  /** Their bytes are being removed at this moment. */
  readonly tooLate: readonly HoldCandidate[]
}

/**
 * From now on nothing of it is deleted, and what was deleted and is still there comes back. HOLD_TOO_LATE for one backup that
 * was removed, BACKUP_BUSY for one that is being removed at this moment.
 */
export async function placeHold(house: House, tx: Tx, order: HoldOrder): Promise<PlacedHold> {
  const row = rowOf(house, order)
  const covered = await lockCovered(tx, row)
  const removing = new Set<string>()
  for (const { id, removal_run_id } of covered) if (removal_run_id !== null && (await isBeingRemoved(tx, removal_run_id))) removing.add(id)
  if (order.backupId !== undefined && removing.has(order.backupId))
    throw new Fault('BACKUP_BUSY', `backup ${order.backupId} is being removed at this moment: it cannot be held any more`)
  await insertHold(tx, row)
  const undeleted = covered.filter(({ id, deleted_at }) => deleted_at !== null && !removing.has(id))
  for (const { id, removal_run_id } of undeleted) {
    if (removal_run_id !== null) await house.queue.cancel(tx, removal_run_id, `the legal hold ${order.reference}`)
    await undeleteHeld(tx, id)
  }
  return { hold: row, undeleted, tooLate: covered.filter(({ id }) => removing.has(id)) }
}

function rowOf({ clock, random }: House, { tenantId, backupId, system, from, to, reason, reference, by }: HoldOrder): StoredHold {
  return {
    id: random.uuid(),
    tenant_id: tenantId,
    backup_id: backupId ?? null,
    system_id: system?.id ?? null,
    system_name: system?.name ?? null,
    from_at: from ?? null,
    to_at: to ?? null,
    reason,
    reference,
    placed_at: clock.now(),
    placed_by: by.name,
    placed_by_id: by.id,
    released_at: null,
    released_by: null,
    release_reason: null,
    signature_id: null,
  }
}

/** In one order for everybody, so that two of them never wait for each other. */
async function lockCovered(tx: Tx, row: StoredHold): Promise<HoldCandidate[]> {
  if (row.backup_id !== null) {
    const one = await lockCandidate(tx, row.backup_id)
    if (!one) throw new Fault('NOT_FOUND', `there is no backup ${row.backup_id}`)
    if (one.removed_at !== null) throw new Fault('HOLD_TOO_LATE', `backup ${one.id} was removed at ${one.removed_at.toISOString()}`)
    return [one]
  }
  const hold = holdOf(row)
  const all = await lockCandidates(tx, row.tenant_id)
  return all.filter(({ id, system_name, created_at }) => covers(hold, { id, systemName: system_name, createdAt: created_at }))
}

function holdOf({ id, backup_id, system_name, from_at, to_at, reference }: StoredHold): Hold {
  return { id, backupId: backup_id, systemName: system_name, from: from_at, to: to_at, reference }
}

/** What a placed hold did, for whoever placed it. */
export function factOf({ undeleted, tooLate }: PlacedHold, held: number): string {
  const parts = [`${held} ${held === 1 ? 'backup is' : 'backups are'} held`]
  if (undeleted.length > 0) parts.push(`the deletion of ${undeleted.length} of them is taken back`)
  if (tooLate.length > 0) parts.push(`${tooLate.length} could not be held: being removed at this moment`)
  return parts.join('; ')
}

export async function knownHold(tx: Tx, id: string): Promise<StoredHold> {
  return assertKnown(await findHold(tx, id), id)
}

/** HOLD_RELEASED when somebody has released it. */
export async function lockedActiveHold(tx: Tx, id: string): Promise<StoredHold> {
  const row = assertKnown(await lockHold(tx, id), id)
  assertActive(row)
  return row
}

export function assertActive({ reference, released_at, released_by }: StoredHold): void {
  if (released_at === null) return
  throw new Fault('HOLD_RELEASED', `the hold ${reference} was released by ${released_by} at ${released_at.toISOString()}`)
}

function assertKnown(row: StoredHold | undefined, id: string): StoredHold {
  if (!row) throw new Fault('NOT_FOUND', `there is no hold ${id}`)
  return row
}

/** Of the hold, as a signature releases it. */
export function digestOfHold({ id, tenant_id, backup_id, system_name, from_at, to_at, reason, reference }: StoredHold): string {
  const [from, to] = [from_at, to_at].map((at) => at?.toISOString() ?? null)
  const text = canonicalJson({ act: 'release-hold', id, tenant_id, backup_id, system_name, from, to, reason, reference })
  return createHash('sha256').update(text).digest('hex')
}

export async function releaseHold(
  { clock }: Pick<House, 'clock'>,
  tx: Tx,
  { id, reason, by, signatureId }: { readonly id: string; readonly reason: string; readonly by: string; readonly signatureId: string },
): Promise<StoredHold> {
  return await markReleased(tx, id, { released_at: clock.now(), released_by: by, release_reason: reason, signature_id: signatureId })
}

export async function holdViews(tx: Tx, rows: readonly StoredHold[]): Promise<HoldView[]> {
  const held = await countHeld(
    tx,
    rows.map(({ id }) => id),
  )
  const names = await namesOfBackups(tx, rows)
  return rows.map((row) => ({
    id: row.id,
    tenantId: row.tenant_id,
    backupId: row.backup_id,
    backupName: row.backup_id === null ? null : (names.get(row.backup_id) ?? null),
    systemId: row.system_id,
    from: row.from_at?.toISOString() ?? null,
    to: row.to_at?.toISOString() ?? null,
    covers: inWords(row),
    reason: row.reason,
    reference: row.reference,
    placedAt: row.placed_at.toISOString(),
    placedBy: row.placed_by,
    releasedAt: row.released_at?.toISOString() ?? null,
    releasedBy: row.released_by,
    releaseReason: row.release_reason,
    held: held.get(row.id) ?? 0,
  }))
}

function inWords({ backup_id, system_name, from_at, to_at }: StoredHold): string {
  if (backup_id !== null) return `backup ${backup_id}`
  return [
    `backups of ${system_name === null ? 'every system' : `system ${system_name}`}`,
    ...(from_at === null ? [] : [`made from ${from_at.toISOString()}`]),
    ...(to_at === null ? [] : [`made before ${to_at.toISOString()}`]),
  ].join(', ')
}
