import { Fault } from '#base/fault.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import type { EntityWish } from './closure.ts'

/**
 * That a backup holds all of these records, as they were: of what it has a part of, the rest would be taken for deleted. One of a selection does for
 * the records that were selected, without a range of time. Faults: RESTORE_NOT_WHOLE, RESTORE_MASKED.
 */
export function assertHoldsRecords({ backup, manifest }: OpenedBackup, wishes: readonly EntityWish[]): void {
  const { selection, sanitization } = manifest
  if (sanitization) throw new Fault('RESTORE_MASKED', 'the backup is masked, and its rows would take the place of the originals')
  if (!selection) return
  const isWholeOf = (wish: EntityWish) => selection.entities.some(({ kind, key }) => kind === wish.kind && key === wish.key)
  if (selection.since === undefined && selection.until === undefined && wishes.every(isWholeOf)) return
  throw new Fault('RESTORE_NOT_WHOLE', `backup ${backup.id} holds a selection, of which these records are not, or not whole`)
}
