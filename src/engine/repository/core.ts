import assert from 'node:assert/strict'
import type { Clock } from '#base/clock.ts'
import { isFault, type Fault } from '#base/fault.ts'
import type { PackId } from '#base/ids.ts'
import type { Random } from '#host/random.ts'
import type { Storage } from '#engine/storage/storage.ts'
import type { RepositoryConfig } from './config.ts'
import { addIndexFile, indexFileIds, sealedIndexFiles } from './index-file.ts'
import type { LockRecord } from './locks.ts'
import { PackIndex } from './pack-index.ts'
import { loadMarks } from './prune-marks.ts'
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
  /** Ids of the index files that `index` was read from. */
  indexFiles: ReadonlySet<string>
  /** Packs that prune has marked: still read from, relied on by no new backup (SAFETY rule 26). */
  markedPacks: ReadonlySet<PackId>
  /** Told of each damaged index file once, which is left out then; without it such a file is the end. */
  readonly onDamagedIndex?: ((fault: Fault) => void) | undefined
  readonly lockRecord?: LockRecord | undefined
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

/**
 * Brings the index up to date. New index files are added; when one has gone, a prune has rewritten them and all are read
 * again. An altered one is DAMAGE_INDEX unless the opener wants to be told of it: without it blobs seem to be missing.
 */
export async function refreshIndex(core: RepositoryCore, signal?: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readIndexFiles(core, signal)
    } catch (error) {
      // Without a lock a prune may rewrite the index between the listing and the reading.
      if (!isFault(error, 'STORAGE_NOT_FOUND') || attempt === 3) throw error
    }
  }
}

async function readIndexFiles(core: RepositoryCore, signal?: AbortSignal): Promise<void> {
  const present = new Set(await indexFileIds(core, signal))
  const isGrown = [...core.indexFiles].every((id) => present.has(id))
  const index = isGrown ? core.index : new PackIndex()
  const read = isGrown ? new Set(core.indexFiles) : new Set<string>()
  for await (const file of sealedIndexFiles(core, present.difference(read), signal)) {
    try {
      await addIndexFile(core, file, index)
    } catch (error) {
      if (!isFault(error, 'DAMAGE_INDEX') || !core.onDamagedIndex) throw error
      core.onDamagedIndex(error)
    }
    read.add(file.id)
  }
  core.markedPacks = new Set((await loadMarks(core, signal)).keys())
  core.index = index
  core.indexFiles = read
}
