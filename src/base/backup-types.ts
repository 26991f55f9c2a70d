/** A backup of a system as it is: it stands for the system, and the system comes back from it. */
export const wholeTypes = ['full', 'database', 'files'] as const
export type WholeType = (typeof wholeTypes)[number]

/**
 * Those, and what is made of a system for other ends and never to be put in its place: `masked`, and `entity`, which holds what was selected: some
 * patients, studies, tables or times.
 */
export const backupTypes = [...wholeTypes, 'masked', 'entity'] as const
export type BackupType = (typeof backupTypes)[number]

/**
 * Only such a backup is ever the latest, the last good or the last proven one of its system, a recovery point, or what a later
 * one is compared with. What others are is no loss when they go, and no protection while they stay.
 */
export function isWhole({ type }: { readonly type: string }): boolean {
  return wholeTypes.some((whole) => whole === type)
}
