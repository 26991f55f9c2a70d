import type { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { Selection } from '#base/selection.ts'
import type { BackupType } from '#contract/backups.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { Caller } from '#service/http/caller.ts'
import { activeSystem } from '#service/systems/systems.ts'
import type { StoredSystem } from '#service/systems/systems.store.ts'
import type { backupJobOrderSchema } from './backup-order.ts'
import {
  findBackupRow,
  insertBackup,
  lockBackupRow,
  updateBackup,
  type ListedBackup,
  type NewBackup,
  type StoredBackup,
} from './backups.store.ts'

export interface BackupWish {
  readonly systemId: string
  readonly type: BackupType
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly compressionLevel: number
  readonly exclusions?: Record<string, string[]> | undefined
  /** Some of it alone: then it is of type `entity`, and `type` says of which sources. */
  readonly selection?: Selection | undefined
  /** As the settings of the system say; then it is of type `masked`. */
  readonly isMasked?: boolean | undefined
}

export interface Maker {
  readonly id: string | null
  readonly name: string
  readonly scheduleId?: string
}

export function makerOf(caller: Caller): Maker {
  return { id: caller.kind === 'nobody' ? null : caller.userId, name: caller.name }
}

export interface BegunBackup {
  readonly backup: NewBackup
  readonly runId: string
}

/** The row and the job that fills it, in the transaction of whoever wants it. NOT_FOUND, INPUT_INVALID, BACKUP_NAME_TAKEN. */
export async function beginBackup(
  house: House,
  tx: Tx,
  { wish, by }: { readonly wish: BackupWish; readonly by: Maker },
): Promise<BegunBackup> {
  const system = await activeSystem(tx, wish.systemId)
  assertHolds(system, wish)
  const at = house.clock.now()
  const id = house.random.uuid()
  const type = wish.selection ? 'entity' : wish.isMasked ? 'masked' : wish.type
  if (wish.isMasked) assertMaskable(system, wish)
  const backup = await insertNamed(tx, wish.name, {
    id,
    tenant_id: system.tenant_id,
    system_id: system.id,
    system_name: system.name,
    repository_id: system.repository_id,
    name: wish.name ?? defaultName(system.name, type, at),
    type,
    selection_sealed: wish.selection ? house.sealing.seal(JSON.stringify(wish.selection), selectionUse(id)) : null,
    description: wish.description ?? '',
    status: 'pending',
    created_by: by.name,
    created_by_id: by.id,
    schedule_id: by.scheduleId ?? null,
    created_at: at,
  })
  const order: z.input<typeof backupJobOrderSchema> = {
    name: backup.name,
    type: wish.type,
    compressionLevel: wish.compressionLevel,
    exclusions: wish.exclusions ?? {},
    isMasked: wish.isMasked ?? false,
    ...(wish.description !== undefined && { description: wish.description }),
  }
  const runId = await house.queue.add(tx, {
    kind: 'backup',
    tenantId: system.tenant_id,
    systemId: system.id,
    repositoryId: system.repository_id,
    subjectId: backup.id,
    title: wish.selection ? `backup of a selection of ${system.name}` : `${type} backup of ${system.name}`,
    order,
    createdBy: { id: by.id, name: by.name },
    lane: system.id,
  })
  await updateBackup(tx, backup.id, { run_id: runId })
  return { backup, runId }
}

/** What a selection is sealed for. */
export function selectionUse(backupId: string): string {
  return `backup-selection:${backupId}`
}

/** INPUT_INVALID when the system has nothing of that kind. */
export function assertHolds(
  { name, databases, roots }: Pick<StoredSystem, 'name' | 'databases' | 'roots'>,
  { type, exclusions = {}, selection }: Pick<BackupWish, 'type' | 'exclusions' | 'selection'>,
  field = 'type',
): void {
  if (type !== 'files' && databases.length === 0) throw new Fault('INPUT_INVALID', `system ${name} has no database`, { field })
  if (type !== 'database' && roots.length === 0) throw new Fault('INPUT_INVALID', `system ${name} has no files`, { field })
  if (type === 'files' && selection) throw new Fault('INPUT_INVALID', 'a selection is of rows: files belong to what a row says', { field })
  const unknown = Object.keys(exclusions).find((root) => !roots.some((one) => one.name === root))
  if (unknown !== undefined)
    throw new Fault('INPUT_INVALID', `system ${name} has no file root ${unknown}`, { field: `exclusions.${unknown}` })
}

/** INPUT_INVALID for what cannot be masked, MASK_SETTINGS for a system whose settings have no masks. */
function assertMaskable({ name, databases, settings }: StoredSystem, { selection }: BackupWish): void {
  const field = 'isMasked'
  if (selection) throw new Fault('INPUT_INVALID', 'a selection is not masked on its way', { field })
  if (databases.length === 0) throw new Fault('INPUT_INVALID', `system ${name} has no database, and nothing masks files`, { field })
  if (!settings.masks)
    throw new Fault('MASK_SETTINGS', `the settings of system ${name} have no masks, so nothing would be masked`, { field })
}

/** DECISIONS "Names and paths". */
export function defaultName(system: string, type: string, at: Date): string {
  return `${system}-${type}-${at.toISOString().replace(/\.\d+/, '').replaceAll(':', '')}`
}

/** A name that somebody chose is theirs or nobody's; one that we made up gets a number when it is taken. */
async function insertNamed(tx: Tx, chosen: string | undefined, backup: NewBackup): Promise<NewBackup> {
  if (chosen !== undefined) {
    if (await insertBackup(tx, backup)) return backup
    throw new Fault('BACKUP_NAME_TAKEN', `there is a backup named "${chosen}" already`, { field: 'name' })
  }
  return await insertUnderFreeName(tx, backup)
}

/** The backup with the name under which it was inserted. */
export async function insertUnderFreeName(tx: Tx, backup: NewBackup): Promise<NewBackup> {
  for (let number = 1; number <= limits.nameTriesMax; number += 1) {
    const named = { ...backup, name: number === 1 ? backup.name : `${backup.name}-${number}` }
    if (await insertBackup(tx, named)) return named
  }
  throw new Fault('BACKUP_NAME_TAKEN', `${limits.nameTriesMax} backups are named "${backup.name}" already`, { field: 'name' })
}

/** NOT_FOUND, also for those of others. */
export async function knownBackup(tx: Tx, id: string): Promise<StoredBackup> {
  return found(await findBackupRow(tx, id), id)
}

export async function lockedBackup(tx: Tx, id: string): Promise<StoredBackup> {
  return found(await lockBackupRow(tx, id), id)
}

function found(row: StoredBackup | undefined, id: string): StoredBackup {
  if (!row) throw new Fault('NOT_FOUND', `there is no backup ${id}`)
  return row
}

/** One whose bytes are there to be read. BACKUP_NOT_READY. */
export function assertReadable(row: ListedBackup): asserts row is ListedBackup & { readonly snapshot: string } {
  if (row.deleted_at !== null && row.removed_at === null)
    throw new Fault('BACKUP_DELETED', `backup ${row.id} was deleted at ${row.deleted_at.toISOString()}`)
  if (row.removed_at !== null) throw new Fault('BACKUP_NOT_READY', `backup ${row.id} was removed at ${row.removed_at.toISOString()}`)
  if (row.missing_at !== null) throw new Fault('BACKUP_NOT_READY', `the snapshot of backup ${row.id} is not in its repository any more`)
  if (row.snapshot === null)
    throw new Fault('BACKUP_NOT_READY', `backup ${row.id} is ${row.status.replaceAll('_', ' ')}: it holds nothing to read`)
}

/** Takes back one that waits, or asks the worker that has it to end. JOB_OVER when it has ended. */
export async function cancelBackup(
  house: House,
  tx: Tx,
  { id, by }: { readonly id: string; readonly by: string },
): Promise<{ readonly row: ListedBackup; readonly runId: string; readonly status: StoredBackup['status'] }> {
  const row = await lockedBackup(tx, id)
  if (row.run_id === null || (row.status !== 'pending' && row.status !== 'in_progress'))
    throw new Fault('JOB_OVER', `backup ${id} has ended already: ${row.status.replaceAll('_', ' ')}`)
  const run = await house.queue.cancel(tx, row.run_id, by)
  return { row, runId: run.id, status: run.status }
}
