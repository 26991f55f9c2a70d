import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#host/random.ts'
import { findBackup, openBackup, type OpenedBackup } from '#engine/backup/backups.ts'
import type { Instruments } from '#engine/backup/order.ts'
import { backupTagOf, readProofs, standingOf } from '#engine/repository/proofs.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { isFault } from '#base/fault.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'

export function jobInstruments({ onProgress }: WorkTools): Instruments {
  return { clock: systemClock, random: systemRandom, onProgress }
}

/** BACKUP_NOT_FOUND, DAMAGE_…. */
export async function openedById(repository: Repository, id: string, signal: AbortSignal): Promise<OpenedBackup> {
  return await openBackup(repository, await findBackup(repository, id, { now: systemClock.now() }, signal), signal)
}

/**
 * What an earlier attempt of this job has stored to its end, when its worker was lost before it could say so: it is the
 * result, and no second one is made.
 */
export async function madeByEarlierAttempt(
  repository: Repository,
  id: string,
  { attempt, log, signal }: WorkTools,
): Promise<OpenedBackup | undefined> {
  if (attempt === 1) return undefined
  try {
    const opened = await openedById(repository, id, signal)
    log('an earlier attempt had stored all of it')
    return opened
  } catch (error) {
    if (!isFault(error, 'BACKUP_NOT_FOUND')) throw error
    return undefined
  }
}

/** What all proofs of a backup say of it. */
export async function standingNow(repository: Repository, id: string, signal: AbortSignal) {
  const own = (await repository.snapshots(signal)).filter((snapshot) => backupTagOf(snapshot) === id)
  const { state, at } = standingOf(id, await readProofs(repository, own, signal))
  return { standing: state, standingAt: at }
}
