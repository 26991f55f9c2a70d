import { Fault, isFault } from '#base/fault.ts'
import type { Clock } from '#base/clock.ts'
import type { BlobId, SnapshotId } from '#base/ids.ts'
import type { Random } from '#host/random.ts'
import type { Storage } from '#engine/storage/storage.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { loadConfig } from './config.ts'
import { refreshIndex, rememberCore, type RepositoryCore } from './core.ts'
import { openKey } from './keys.ts'
import type { FileToFill } from './filling.ts'
import type { NewFile } from './new-files.ts'
import { acquireLock, type LockKind, type LockRecord } from './locks.ts'
import { PackIndex } from './pack-index.ts'
import { BlobReader } from './reading.ts'
import type { Listings, DamagedSnapshot, Lease, Repository, Snapshot, SnapshotListing, WriteOptions, WriteSession } from './repository.ts'
import { loadSnapshots } from './stored.ts'
import { TreeListings } from './tree-listings.ts'
import { decodeTree } from './tree.ts'
import { Writing } from './writing.ts'

export interface OpenOptions {
  readonly clock: Clock
  readonly random: Random
  readonly signal?: AbortSignal | undefined
  /**
   * Opens in spite of damaged index files, for taking out what is whole: each is told and left out. What only it names is
   * DAMAGE_BLOB or DAMAGE_TREE when it is read, never a wrong byte.
   */
  readonly onDamagedIndex?: ((fault: Fault) => void) | undefined
  /** Is told of each lock that is taken while the repository is open. */
  readonly lockRecord?: LockRecord | undefined
}

/**
 * Opens a repository with one of its passwords or its recovery key and reads its index. Takes no lock: `write`,
 * `reading` and `exclusively` do. REPOSITORY_NOT_FOUND, _PASSWORD, _VERSION; DAMAGE_KEY, _CONFIG, _INDEX.
 */
export async function openRepository(storage: Storage, password: string, options: OpenOptions): Promise<Repository> {
  const { clock, random, signal, onDamagedIndex, lockRecord } = options
  if (!(await storage.stat('config', signal))) {
    throw new Fault('REPOSITORY_NOT_FOUND', `${storage.location} has no repository`, { location: storage.location })
  }
  const { key } = await openKey(storage, password, signal)
  const config = await loadConfig(storage, key, signal)
  const core: RepositoryCore = {
    storage,
    key,
    config,
    clock,
    random,
    index: new PackIndex(),
    indexFiles: new Set(),
    markedPacks: new Set(),
    onDamagedIndex,
    lockRecord,
  }
  await refreshIndex(core, signal)
  const repository = new OpenedRepository(core)
  rememberCore(repository, core)
  return repository
}

class OpenedRepository implements Repository {
  readonly #core: RepositoryCore
  readonly #reader: BlobReader

  constructor(core: RepositoryCore) {
    this.#core = core
    this.#reader = new BlobReader(core)
  }

  get id(): string {
    return this.#core.config.id
  }

  get storage(): Storage {
    return this.#core.storage
  }

  async write<T>(options: WriteOptions, work: (session: WriteSession) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return await this.#locked('shared', signal, async (lease) => {
      await using writing = new Writing(this.#core, lease, options, signal)
      return await work(writing)
    })
  }

  async exclusively<T>(work: (lease: Lease) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return await this.#locked('exclusive', signal, work)
  }

  async reading<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return await this.#locked('shared', signal, work)
  }

  async snapshots(signal?: AbortSignal): Promise<Snapshot[]> {
    return [...(await this.listSnapshots(signal)).whole]
  }

  async listSnapshots(signal?: AbortSignal): Promise<SnapshotListing> {
    const damaged: DamagedSnapshot[] = []
    const whole = await loadSnapshots(
      this.#core,
      (error, id) => {
        // Forgotten between the listing and the reading: then it is none any more.
        if (isFault(error, 'STORAGE_NOT_FOUND')) return
        if (!isFault(error, 'DAMAGE_SNAPSHOT')) throw error
        damaged.push({ id: id as SnapshotId, fault: error })
      },
      signal,
    )
    return { whole: whole.toSorted((a, b) => a.time.getTime() - b.time.getTime()), damaged }
  }

  async tree(id: BlobId, signal?: AbortSignal): Promise<TreeNode[]> {
    return decodeTree(await this.#reader.load('tree', id, signal), id)
  }

  listings(signal?: AbortSignal): Listings {
    return new TreeListings(this.#reader, this.#core.index, signal)
  }

  read(content: readonly BlobId[], signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#reader.read(content, signal)
  }

  lend(content: readonly BlobId[], signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#reader.lend(content, signal)
  }

  async fill(content: readonly BlobId[], file: FileToFill, signal?: AbortSignal): Promise<number> {
    return await this.#reader.fill(content, file, signal)
  }

  async make(id: BlobId, file: NewFile, signal?: AbortSignal): Promise<boolean> {
    return await this.#reader.make(id, file, signal)
  }

  blobSizeBytes(id: BlobId): number | undefined {
    return this.#core.index.find('data', id)?.plainSizeBytes
  }

  async refreshIndex(signal?: AbortSignal): Promise<void> {
    await refreshIndex(this.#core, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]()
  }

  /** The index is read again under the lock: a prune may have run since it was read last. */
  async #locked<T>(kind: LockKind, signal: AbortSignal | undefined, work: (lease: Lease) => Promise<T>): Promise<T> {
    await using lock = await acquireLock(this.#core, kind, signal)
    await refreshIndex(this.#core, signal)
    return await work(lock)
  }
}
