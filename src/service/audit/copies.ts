import { isFault } from '#base/fault.ts'
import { readCheckpoints } from '#engine/repository/checkpoints.ts'
import { openStorage } from '#engine/storage/storages.ts'
import type { House } from '#service/house.ts'
import { repositorySecrets } from '#service/repositories/repositories.ts'
import type { StoredRepository } from '#service/repositories/repositories.store.ts'
import type { OutsideCheckpoint } from './verify-catalog.ts'

/** What a repository has of the trail's checkpoints. */
export interface RepositoryCopies {
  readonly id: string
  readonly name: string
  readonly found: readonly OutsideCheckpoint[]
  /** Why it could not be asked. */
  readonly problem: string | null
}

type Instruments = Pick<House, 'clock' | 'random' | 'sealing' | 'trail'>

/** Asks every repository in sight, one after the other. One that does not answer is named, and the others are asked. */
export async function readCopies(
  house: Instruments,
  repositories: readonly StoredRepository[],
  signal: AbortSignal,
): Promise<RepositoryCopies[]> {
  const copies: RepositoryCopies[] = []
  for (const row of repositories) copies.push(await copiesIn(house, row, signal))
  return copies
}

async function copiesIn(house: Instruments, row: StoredRepository, signal: AbortSignal): Promise<RepositoryCopies> {
  const { id, name } = row
  try {
    const { place, password } = repositorySecrets(house, row)
    const stored = await readCheckpoints(openStorage(place, house.clock, house.random), password, signal)
    // Another installation that uses the same repository has a trail of its own.
    const ours = stored.filter(({ checkpoint }) => checkpoint.installation === house.trail.installation)
    return { id, name, found: ours.map(({ checkpoint }) => ({ source: `repository ${name}`, checkpoint })), problem: null }
  } catch (error) {
    if (!isFault(error) || error.code === 'CANCELLED') throw error
    return { id, name, found: [], problem: error.message }
  }
}
