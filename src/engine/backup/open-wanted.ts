import { isFault } from '#base/fault.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { findBackup, openBackup, type OpenedBackup } from './backups.ts'
import { findForeign, foreignSystem, openForeign } from './foreign.ts'

export interface Wanted {
  /** A uuid, the beginning of one or of a snapshot's id, or `latest`. */
  readonly backup: string
  readonly system?: string | undefined
  readonly now: Date
  /** What the one root of a snapshot of another program is called. */
  readonly foreignRoot?: string | undefined
}

/** Finds and opens a backup; when none of ours fits, a snapshot that restic wrote. BACKUP_NOT_FOUND, BACKUP_AMBIGUOUS. */
export async function openWanted(repository: Repository, wanted: Wanted, signal?: AbortSignal): Promise<OpenedBackup> {
  const { backup, system, now, foreignRoot = 'files' } = wanted
  const isForeign = system === foreignSystem
  try {
    if (!isForeign) return await openBackup(repository, await findBackup(repository, backup, { system, now }, signal), signal)
  } catch (error) {
    const mayBeForeign = isFault(error, 'BACKUP_NOT_FOUND') || (isFault(error, 'DAMAGE_SNAPSHOT') && backup !== 'latest')
    if (!mayBeForeign || system !== undefined) throw error
    const foreign = await findForeign(repository, backup, signal)
    if (!foreign) throw error
    return await openForeign(repository, foreign, foreignRoot, signal)
  }
  const foreign = await findForeign(repository, backup, signal)
  if (foreign) return await openForeign(repository, foreign, foreignRoot, signal)
  return await openBackup(repository, await findBackup(repository, backup, { system, now }, signal), signal)
}
