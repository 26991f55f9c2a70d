import { errnoOf, isFault, messageOf } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import type { Repository, WriteSession } from '#engine/repository/repository.ts'
import type { KnownRoot } from '#engine/sources/known-folder.ts'
import type { Remembered } from './folder-memory.ts'
import { readFilesCache, writeFilesCache } from './files-cache.ts'
import type { LocalCache } from './order.ts'

interface Remembering {
  readonly repository: Repository
  readonly system: string
  readonly cache: LocalCache
  readonly now: Date
}

/**
 * What this machine remembers of the roots of a system. It makes a backup faster and nothing else: what goes wrong with it is
 * said, and the backup goes on without.
 */
export class RootMemory {
  readonly #of: Remembering

  constructor(remembering: Remembering) {
    this.#of = remembering
  }

  /** Only of the very tree that the backup before has of the root. */
  async known(source: string, session: WriteSession, treeBefore: () => Promise<BlobId | undefined>): Promise<KnownRoot | undefined> {
    try {
      const folder = await readFilesCache(this.#placeOf(source))
      if (!folder || folder.subtree !== (await treeBefore())) return undefined
      return { folder, isStored: (one) => session.hasFolder(one) }
    } catch (error) {
      // A damaged tree is for check to name, and there is nothing to compare with then.
      if (isFault(error) && error.isDamage) return undefined
      if (errnoOf(error) === undefined) throw error
      this.#of.cache.onTrouble(`the files cache cannot be read, so this backup takes longer: ${messageOf(error)}`)
      return undefined
    }
  }

  async remember(source: string, remembered: Remembered): Promise<void> {
    try {
      await writeFilesCache(this.#placeOf(source), remembered, this.#of.now)
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      this.#of.cache.onTrouble(`the files cache cannot be written, so the next backup takes longer: ${messageOf(error)}`)
    }
  }

  #placeOf(source: string) {
    const { repository, system, cache } = this.#of
    return { directory: cache.directory, repository, system, source }
  }
}
