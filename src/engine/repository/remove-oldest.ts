import { isFault } from '#base/fault.ts'
import type { SnapshotId } from '#base/ids.ts'
import { coreOf } from './core.ts'
import { assertRemoved } from './read-back.ts'
import type { Repository } from './repository.ts'

/**
 * Removes the snapshots that `older` names, which is asked again under the lock. Returns how many went; none when the
 * repository is in use, since the next time is soon enough.
 */
export async function removeOldest(
  repository: Repository,
  older: () => Promise<readonly SnapshotId[]>,
  signal?: AbortSignal,
): Promise<number> {
  const core = coreOf(repository)
  if ((await older()).length === 0) return 0
  try {
    return await repository.exclusively(async (lease) => {
      const going = (await older()).map((id) => `snapshots/${id}` as const)
      await lease.confirm(signal)
      for (const name of going) await core.storage.remove(name, signal)
      await assertRemoved(core.storage, 'snapshots', going, signal)
      return going.length
    }, signal)
  } catch (error) {
    if (isFault(error, 'REPOSITORY_LOCKED')) return 0
    throw error
  }
}
