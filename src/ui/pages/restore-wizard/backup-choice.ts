import { isWhole } from '#base/backup-types.ts'
import type { BackupView } from '#contract/backups.ts'

/** Why a backup cannot be restored from; undefined when it can. */
export function obstacleOf({ status, removedAt, missingAt, deletedAt }: BackupView): string | undefined {
  if (missingAt !== null) return 'It is not in its repository any more.'
  if (removedAt !== null) return 'It was removed.'
  if (deletedAt !== null) return 'It was deleted, and is removed soon. Take the deletion back first.'
  if (status === 'completed' || status === 'completed_with_gaps') return undefined
  if (status === 'failed') return 'It failed: there is nothing whole to restore.'
  if (status === 'cancelled') return 'It was cancelled: there is nothing whole to restore.'
  return 'It is not finished yet.'
}

/** What somebody should know before they trust it, the worst first. */
export function doubtsOf({ standing, anomaly, status, gapCount }: BackupView): string[] {
  return [
    ...(standing === 'failed' ? ['Reading it back found damage: choose another one.'] : []),
    ...(anomaly?.verdict === 'rejected' ? ['Somebody looked at it and rejected it.'] : []),
    ...(anomaly !== null && anomaly.verdict === null ? ['It is unlike those before it: it may already hold the damage.'] : []),
    ...(status === 'completed_with_gaps'
      ? [`It was completed with gaps: ${gapCount === 1 ? '1 thing is' : `${gapCount} things are`} not in it.`]
      : []),
    ...(standing === 'unverified' ? ['Nobody has read it back yet.'] : []),
  ]
}

/** Restorable, not damaged, and like those before it. */
export function isGood(backup: BackupView): boolean {
  const isUnlike = backup.anomaly !== null && backup.anomaly.verdict !== 'accepted'
  return obstacleOf(backup) === undefined && backup.standing !== 'failed' && !isUnlike
}

/**
 * The one that most restores want: the newest good one that has all of the system. What was kept of the state just before
 * another restore is never proposed: it may hold exactly what that restore was meant to take away.
 */
export function proposedBackup(rows: readonly BackupView[]): BackupView | undefined {
  const good = rows.filter((one) => isGood(one) && isWhole(one) && one.purpose !== 'safety' && one.purpose !== 'release')
  const newest = (all: readonly BackupView[]) => [...all].sort((one, other) => Date.parse(other.createdAt) - Date.parse(one.createdAt))[0]
  return newest(good.filter(({ type }) => type === 'full')) ?? newest(good)
}

/** The newest one that a drill or a restore has proven, where that is not the one proposed. */
export function newestProven(rows: readonly BackupView[], proposed: BackupView | undefined): BackupView | undefined {
  if (proposed?.standing === 'proven') return undefined
  return proposedBackup(rows.filter(({ standing, type }) => standing === 'proven' && type === (proposed?.type ?? type)))
}
