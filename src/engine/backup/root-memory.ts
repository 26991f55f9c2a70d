import { errnoOf, isFault, messageOf } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import type { Repository, WriteSession } from '#engine/repository/repository.ts'
import type { KnownFolder, KnownRoot } from '#engine/sources/known-folder.ts'
import { readFilesCache, writeFilesCache } from './files-cache.ts'
import type { LocalCache } from './order.ts'

interface Remembering {
  readonly repository: Repository
  readonly system: string
  readonly cache: LocalCache
}

/**
 * What this machine remembers of the roots of a system. It makes a backup faster and nothing else: what goes wrong with it is
 * said, and the backup goes on without.
 */
export class RootMemory {
  readonly #of: Remembering
  readonly #read = new Map<string, KnownFolder>()

  constructor(remembering: Remembering) {
    this.#of = remembering
  }

  /** Only of the very tree that the backup before has of the root. */
  async known(source: string, session: WriteSession, treeBefore: () => Promise<BlobId | undefined>): Promise<KnownRoot | undefined> {
    try {
      const folder = await readFilesCache(this.#placeOf(source))
      if (!folder || folder.subtree !== (await treeBefore())) return undefined
      this.#read.set(source, folder)
      return { folder, isStored: ({ subtree, content }) => session.hasTree(subtree) && session.hasAll(content) }
    } catch (error) {
      // A damaged tree is for check to name, and there is nothing to compare with then.
      if (isFault(error) && error.isDamage) return undefined
      if (errnoOf(error) === undefined) throw error
      this.#of.cache.onTrouble(`the files cache cannot be read, so this backup takes longer: ${messageOf(error)}`)
      return undefined
    }
  }

  async remember(source: string, folder: KnownFolder): Promise<void> {
    if (this.#read.get(source) === folder) return
    try {
      await writeFilesCache(this.#placeOf(source), folder)
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
