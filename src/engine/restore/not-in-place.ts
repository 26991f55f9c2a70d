import { Fault } from '#base/fault.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import { originalOf } from '#engine/backup/masked-order.ts'
import type { Original } from '#engine/masking/sanitization.ts'
import type { RestoreOrder } from './order.ts'
import type { PlannedDatabase, PlannedRoot } from './plan.ts'

/**
 * A masked backup never takes the place of what it was made of: the originals would be gone. By where it was captured, before the
 * target is even looked at; that a database is the original under another address, `assertOtherDatabase` finds. RESTORE_MASKED.
 */
export function assertNotInPlace(order: RestoreOrder, isMasked = isMaskedOrder(order)): void {
  const { opened, databases, roots } = order
  if (!isMasked) return
  const originals = originalsOf(opened.manifest)
  for (const { section, target } of databases) {
    const isThere = ({ host, port, database }: Original) => target.host === host && target.port === port && target.database === database
    if (originals.some(isThere))
      throw maskedFault(`database ${section.name} would go to where it was captured, ${target.database} on ${target.host}:${target.port}`)
  }
  for (const { section, path } of roots)
    if (section.path === path) throw maskedFault(`files ${section.name} would go to where they were captured, ${path}`)
}

export function isMaskedOrder({ opened, masks }: RestoreOrder): boolean {
  return (opened.manifest.sanitization ?? masks) !== undefined
}

/** Where the values of a backup came from. */
export function originalsOf({ sanitization, databases }: OpenedBackup['manifest']): readonly Original[] {
  return sanitization?.originals ?? databases.map(originalOf)
}

export interface FoundTarget {
  /** As the system calls it. */
  readonly name: string
  readonly systemIdentifier: string
  /** Null where there is no such database yet. */
  readonly oid: number | null
  readonly database: string
}

/** The same server by its identifier, and there the same database by its number or its name. RESTORE_MASKED. */
export function assertOtherDatabase(originals: readonly Original[], target: FoundTarget): void {
  const original = originals.find(
    ({ systemIdentifier, oid, database }) =>
      systemIdentifier === target.systemIdentifier && (oid === target.oid || database === target.database),
  )
  if (original) throw maskedFault(`the target of database ${target.name} is the database that it was captured from, ${target.database}`)
}

/** What holds a selection takes the place of nothing: whatever stands there would be gone but for it. RESTORE_NOT_WHOLE. */
export function assertElsewhere({ backup, manifest }: OpenedBackup, planned: readonly (PlannedDatabase | PlannedRoot)[]): void {
  if (!manifest.selection) return
  const taken = planned.find(({ record }) => (record.kind === 'database' ? record.liveOid : record.live) !== null)
  if (!taken) return
  const what = taken.record.kind === 'database' ? `database ${taken.record.live.database}` : `directory ${taken.record.path}`
  const fact = `backup ${backup.id} holds a selection and would take the place of ${what}, which exists`
  throw new Fault('RESTORE_NOT_WHOLE', fact, { name: taken.name })
}

function maskedFault(fact: string): Fault {
  return new Fault('RESTORE_MASKED', `what is restored is masked, and ${fact}`)
}
