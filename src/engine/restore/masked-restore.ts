import { Fault } from '#base/fault.ts'
import { printCount } from '#base/units.ts'
import type { BackupResult } from '#engine/backup/backup.ts'
import { findBackup, openBackup, type OpenedBackup } from '#engine/backup/backups.ts'
import type { Instruments } from '#engine/backup/order.ts'
import { keyMarkOf, type PlannedMasks } from '#engine/masking/sanitization.ts'
import type { Repository } from '#engine/repository/repository.ts'
import type { DatabaseSection } from '#engine/sources/postgres/database-section.ts'
import type { JournalState } from './journal.ts'
import { makePlan } from './make-plan.ts'
import { maskedCopy, type MaskedCopyOrder } from './masked-copy.ts'
import { assertNotInPlace } from './not-in-place.ts'
import type { PlannedRestore, RestoreOrder, RunOptions } from './order.ts'
import type { RestorePlan } from './plan.ts'
import { planMasksOf } from './plan-masks.ts'
import { assertConfirmed, assertFresh, runRestore } from './restore.ts'

export type MaskingPlace = Pick<MaskedCopyOrder, 'masking' | 'place' | 'stateDirectory'>

export interface MaskedRestore {
  readonly state: JournalState
  /** The masked backup that was made on the way, and that the target was compared with. */
  readonly copy: BackupResult
}

/**
 * A plan whose rows are masked on their way to another place. Hooks and assertions of the settings are of the system itself and
 * stay out of it. RESTORE_MASKED over the original, MASK_SETTINGS, MASK_REFUSED; faults of `makePlan` and of `planMasksOf`.
 */
export async function planMaskedRestore(
  repository: Repository,
  order: RestoreOrder,
  masking: MaskingPlace,
  instruments: Instruments,
  signal: AbortSignal,
): Promise<RestorePlan> {
  assertNotInPlace(order, true)
  assertRootsKept(order)
  const masks = await planMasksOf(repository, { ...masking, opened: order.opened, settings: order.settings }, instruments, signal)
  const settings = { ...order.settings, hooks: {}, containerisedRoots: [], assertions: [], readyAssertions: undefined, fileReferences: [] }
  const plan = await makePlan(repository, { ...order, settings, masks }, instruments, signal)
  return { ...plan, warnings: [...onTheWay(masking), ...plan.warnings] }
}

function onTheWay({ place }: MaskingPlace): string[] {
  return [
    `before the target sees a row, the originals stand in a private PostgreSQL on this machine, below ${place}, and are gone with it`,
    'the masked copy is stored as a masked backup, and the target is compared with it',
    'hooks and assertions of the settings are of the system itself: none is run or asked',
  ]
}

/**
 * Carries it out: a masked copy of the backup by way of a private place, then the restore of that copy. The target's server sees masked
 * rows alone, and each of them is compared with the copy. Where the restore fails, the copy stays among the backups. MASK_KEY when the
 * key is not the plan's; faults of `maskedCopy` and `runRestore`.
 */
export async function runMaskedRestore(
  repository: Repository,
  { plan, order }: PlannedRestore,
  options: RunOptions & Omit<MaskingPlace, 'stateDirectory'>,
  signal: AbortSignal,
): Promise<MaskedRestore> {
  const { masks } = plan
  if (!masks) throw new Fault('PLAN_INVALID', 'the plan masks nothing', { restore: plan.restore })
  const { instruments, stateDirectory, masking, place, compressionLevel } = options
  assertConfirmed(plan, options.confirmed)
  assertKey(masks, masking.key)
  await assertFresh(repository, { plan, order }, options, signal)
  const { opened, settings } = order
  const copy = await maskedCopy(repository, { opened, settings, masking, compressionLevel, place, stateDirectory }, instruments, signal)
  const found = await findBackup(repository, copy.id, { system: plan.system, now: instruments.clock.now() }, signal)
  const masked = await openBackup(repository, found, signal)
  assertMasked(masks, { before: opened, after: masked })
  const again = withBackup(order, plan.restore, masked)
  const next = await makePlan(repository, again, instruments, signal)
  return { copy, state: await runRestore(repository, { plan: next, order: again }, options, signal) }
}

function assertRootsKept({ settings, roots }: RestoreOrder): void {
  const open = roots.find(({ section }) => !settings.masks?.keptRoots.includes(section.name))
  if (!open) return
  const fact = `files ${open.section.name} are not masked by anything, and masks.keptRoots does not say that they may be taken as they are`
  throw new Fault('MASK_SETTINGS', fact, { field: 'masks.keptRoots', name: open.section.name })
}

function assertKey({ key, keyedBy }: PlannedMasks, given: Uint8Array): void {
  if (keyMarkOf(given) === key) return
  const where = keyedBy === 'repository' ? 'made with the key of the repository' : 'made with the key of a file'
  throw new Fault('MASK_KEY', `the plan was ${where}, and the key that is given is another`, { planned: key })
}

/** What the plan promised: the same columns, and not a row more or less. */
function assertMasked(masks: PlannedMasks, { before, after }: { readonly before: OpenedBackup; readonly after: OpenedBackup }): void {
  const { sanitization, databases } = after.manifest
  if (printMasks(sanitization?.databases ?? []) !== printMasks(masks.databases))
    throw new Fault('RESTORE_VERIFY', `backup ${after.backup.id} is not masked as the plan says`, { backup: after.backup.id })
  for (const copy of databases) {
    const original = before.manifest.databases.find(({ name }) => name === copy.name)
    const hasExcluded = masks.databases.some(({ name, excludedTables }) => name === copy.name && excludedTables.length > 0)
    const [rows, masked] = [rowsOf(original, hasExcluded ? copy : undefined), rowsOf(copy, undefined)]
    if (rows === masked) continue
    const fact = `database ${copy.name} has ${printCount(rows)} rows, its masked copy ${printCount(masked)}`
    throw new Fault('RESTORE_VERIFY', fact, { name: copy.name, expected: rows, found: masked })
  }
}

/** In one order, whichever the catalog was read in. */
function printMasks(databases: PlannedMasks['databases']): string {
  const lines = databases.flatMap(({ name, columns, excludedTables }) => [
    ...columns.map(({ schema, table, column, mask }) => [name, schema, table, column, mask]),
    ...excludedTables.map(({ schema, table }) => [name, schema, table]),
  ])
  return JSON.stringify(lines.map((line) => JSON.stringify(line)).toSorted())
}

/** Of all tables, or of those that `copy` has rows of. */
function rowsOf(section: DatabaseSection | undefined, copy: DatabaseSection | undefined): number {
  const filled = new Set(copy?.tables.filter(({ hash }) => hash.rows > 0).map(({ schema, table }) => JSON.stringify([schema, table])))
  return (section?.tables ?? [])
    .filter(({ schema, table }) => !copy || filled.has(JSON.stringify([schema, table])))
    .reduce((sum, { hash }) => sum + hash.rows, 0)
}

/** The same places, filled from another backup. */
function withBackup(order: RestoreOrder, id: string, opened: OpenedBackup): RestoreOrder {
  const { databases, roots } = opened.manifest
  const sectionOf = <Section extends { readonly name: string }>(sections: readonly Section[], name: string): Section => {
    const found = sections.find((section) => section.name === name)
    if (!found) throw new Fault('PLAN_INVALID', `the masked copy has nothing named ${name}`, { name })
    return found
  }
  return {
    ...order,
    id,
    opened,
    masks: undefined,
    databases: order.databases.map((one) => ({ ...one, section: sectionOf(databases, one.section.name) })),
    roots: order.roots.map((one) => ({ ...one, section: sectionOf(roots, one.section.name) })),
  }
}
