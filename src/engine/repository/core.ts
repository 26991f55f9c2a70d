import assert from 'node:assert/strict'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#host/random.ts'
import type { Storage } from '../storage/storage.ts'
import type { RepositoryConfig } from './config.ts'
import { indexFileIds, loadIndexFile } from './index-file.ts'
import { PackIndex } from './pack-index.ts'
import type { Repository } from './repository.ts'
import type { SealingKey } from './seal.ts'

/** What the parts of this folder share of one opened repository. */
export interface RepositoryCore {
  readonly storage: Storage
  readonly key: SealingKey
  readonly config: RepositoryConfig
  readonly clock: Clock
  readonly random: Random
  /** What the index files say; replaced as a whole when they are read again. */
  index: PackIndex
}

const cores = new WeakMap<Repository, RepositoryCore>()

/** The inside of a repository, for check, forget and prune. */
export function coreOf(repository: Repository): RepositoryCore {
  const core = cores.get(repository)
  assert.ok(core, 'the repository was opened by openRepository')
  return core
}

export function rememberCore(repository: Repository, core: RepositoryCore): void {
  cores.set(repository, core)
}

/** Reads all index files. An altered one is DAMAGE_INDEX: without it blobs would seem to be missing. */
export async function readIndex(core: Pick<RepositoryCore, 'storage' | 'key'>, signal?: AbortSignal): Promise<PackIndex> {
  const index = new PackIndex()
  for (const id of await indexFileIds(core, signal)) {
    const file = await loadIndexFile(core, id, signal)
    for (const pack of file.packs) index.addPack(pack.id, pack.blobs)
  }
  return index
}
