import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#host/random.ts'
import { removeLeftLocks } from '#engine/repository/locks.ts'
import { openRepository, type OpenOptions } from '#engine/repository/open.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { openStorage } from '#engine/storage/storages.ts'
import type { Storage } from '#engine/storage/storage.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'

/** Where a repository is and what opens it, as a job's input has it. */
export interface RepositoryPlace {
  readonly place: string
  readonly password: string
}

/** The storage without the locks that earlier attempts of this very job have left: nobody holds them any more. */
export async function jobStorage({ place }: RepositoryPlace, { previousTrail, lockRecord, log, signal }: WorkTools): Promise<Storage> {
  const storage = openStorage(place, systemClock, systemRandom)
  const left = previousTrail.locks ?? []
  await removeLeftLocks(storage, left, signal)
  for (const id of left) {
    await lockRecord.gone(id)
    log(`removed the lock ${id.slice(0, 8)} of an attempt that was cut off`)
  }
  return storage
}

/** Its locks become part of the trail, so that a successor can remove exactly them. */
export async function jobRepository(
  place: RepositoryPlace,
  tools: WorkTools,
  options: Pick<OpenOptions, 'onDamagedIndex'> = {},
): Promise<Repository> {
  const storage = await jobStorage(place, tools)
  return await openRepository(storage, place.password, {
    ...options,
    clock: systemClock,
    random: systemRandom,
    signal: tools.signal,
    lockRecord: tools.lockRecord,
  })
}
