import { hash } from 'node:crypto'
import assert from 'node:assert/strict'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { BlobId, PackId, SnapshotId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { chunkerMemoryBytes, type Grain } from './chunker.ts'
import { BlobPacker } from './blob-packer.ts'
import { ChunkLanes } from './chunk-lanes.ts'
import type { RepositoryCore } from './core.ts'
import { saveDocument } from './document.ts'
import { saveIndex, type IndexedPack } from './index-file.ts'
import { PackIndex, type BlobLocation } from './pack-index.ts'
import { owner } from './owner.ts'
import { idBytes } from './id-table.ts'
import type { BlobType } from './pack.ts'
import type {
  ContentBytes,
  FolderIds,
  Lease,
  NewSnapshot,
  StoredContent,
  WriteOptions,
  WriteSession,
  WriteStatistics,
} from './repository.ts'
import { SealingThreads } from './sealing-threads.ts'
import { SmallBlobs, smallBlobsMemoryBytes } from './small-blobs.ts'
import { readRecords } from './small-records.ts'
import { encodeSnapshot } from './snapshot.ts'
import { packSizes } from './stored.ts'
import { encodeTree } from './tree.ts'

interface Machinery {
  readonly memory: WebAssembly.Memory
  readonly small: SmallBlobs
  readonly threads: SealingThreads
}

/**
 * One backup being written. What it has put into the storage becomes part of the repository only with `snapshot`:
 * packs, then index, then snapshot (design.rst "Read and Write Ordering"). Given up before, it leaves packs that no
 * index names, which prune removes.
 */
export class Writing implements WriteSession, AsyncDisposable {
  readonly lease: Lease
  readonly #core: RepositoryCore
  readonly #options: WriteOptions
  readonly #signal: AbortSignal | undefined
  /** Packs of this session that are in the storage. */
  readonly #written = new PackIndex()
  readonly #writtenSizes = new Map<PackId, number>()
  /** New blobs that are not in a stored pack yet. */
  readonly #underway = { data: new Set<BlobId>(), tree: new Set<BlobId>() }
  /** Packs of earlier backups that this one relies on. */
  readonly #reusedPacks = new Set<PackId>()
  readonly #trees: BlobPacker
  readonly #data: BlobPacker
  readonly #storing = new Set<Promise<unknown>>()
  readonly #statistics = { readBytes: 0, newBytes: 0, storedBytes: 0, newBlobs: 0, reusedBlobs: 0 }
  #machinery: Machinery | undefined
  #lanes: ChunkLanes | undefined
  #failure: { readonly error: unknown } | undefined
  #isFinished = false

  constructor(core: RepositoryCore, lease: Lease, options: WriteOptions, signal: AbortSignal | undefined) {
    assert.ok(Number.isInteger(options.compressionLevel) && options.compressionLevel >= 1 && options.compressionLevel <= 19)
    this.lease = lease
    this.#core = core
    this.#options = options
    this.#signal = signal
    const packing = {
      key: core.key,
      compressionLevel: options.compressionLevel,
      store: (pack: IndexedPack, bytes: Uint8Array) => this.#storePack(pack, bytes),
    }
    this.#trees = new BlobPacker({ ...packing, type: 'tree' })
    this.#data = new BlobPacker({ ...packing, type: 'data' })
  }

  get statistics(): WriteStatistics {
    return this.#statistics
  }

  prepare(): void {
    this.#throwIfOver()
    this.#start().threads.start()
  }

  async content(bytes: ContentBytes, signal?: AbortSignal, grain: Grain = 'coarse'): Promise<StoredContent> {
    this.#throwIfOver()
    const stored = await this.#startLanes().flow(bytes, grain, signal)
    this.#statistics.readBytes += stored.sizeBytes
    return stored
  }

  small(bytes: Uint8Array): BlobId | Promise<BlobId> {
    this.#throwIfOver()
    assert.ok(bytes.byteLength > 0 && bytes.byteLength <= limits.smallBytesMax)
    const { small } = this.#start()
    const id = hash('sha256', bytes, 'hex') as BlobId
    this.#statistics.readBytes += bytes.byteLength
    if (!this.#isNew('data', id)) return id
    this.#statistics.newBytes += bytes.byteLength
    return small.add(id, bytes) ? id : this.#smallLater(small, id, Uint8Array.from(bytes))
  }

  async #smallLater(small: SmallBlobs, id: BlobId, bytes: Uint8Array): Promise<BlobId> {
    do {
      await small.room()
      this.#throwIfOver()
    } while (!small.add(id, bytes))
    return id
  }

  has(content: readonly BlobId[]): boolean {
    const packs = new Set<PackId>()
    if (!content.every((id) => this.#isThere('data', id, packs))) return false
    this.#reuse(packs)
    return true
  }

  hasFolder({ subtreeId, content }: FolderIds): boolean {
    this.#throwIfOver()
    const packs = new Set<PackId>()
    if (!this.#hasIds('tree', subtreeId, packs) || !this.#hasIds('data', content, packs)) return false
    this.#reuse(packs)
    this.#statistics.reusedBlobs += 1
    return true
  }

  #reuse(packs: Iterable<PackId>): void {
    for (const pack of packs) this.#reusedPacks.add(pack)
  }

  /** Adds the pack it stands in, when it is of an earlier backup. */
  #isThere(type: BlobType, id: BlobId, packs: Set<PackId>): boolean {
    const found = this.#reusable(type, id)
    if (found) packs.add(found.packId)
    return found !== undefined || this.#isOurs(type, id)
  }

  /** The same of ids in a row. */
  #hasIds(type: BlobType, ids: Uint8Array, packs: Set<PackId>): boolean {
    const { index, markedPacks } = this.#core
    const bytes = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength)
    let latest = -1
    for (let at = 0; at < bytes.byteLength; at += idBytes) {
      const entry = index.entryAt(type, bytes, at)
      const pack = entry < 0 ? -1 : index.packNumberOf(entry)
      // Blobs of one folder mostly lie side by side.
      if (pack >= 0 && pack === latest) continue
      const packId = pack < 0 ? undefined : index.packId(pack)
      if (packId !== undefined && !markedPacks.has(packId)) {
        packs.add(packId)
        latest = pack
      } else if (!this.#isThere(type, bytes.toString('hex', at, at + idBytes) as BlobId, packs)) {
        return false
      }
    }
    return true
  }

  hasTree(id: BlobId): boolean {
    this.#throwIfOver()
    return !this.#isNeeded('tree', id)
  }

  async tree(nodes: readonly TreeNode[], signal?: AbortSignal): Promise<BlobId> {
    throwIfCancelled(signal)
    this.#throwIfOver()
    for (const node of nodes) this.#assertStored(node)
    const plain = encodeTree(nodes)
    const id = hash('sha256', plain, 'hex') as BlobId
    if (this.#isNew('tree', id)) {
      this.#statistics.newBytes += plain.byteLength
      await this.#trees.add(id, plain)
    }
    return id
  }

  async snapshot(snapshot: NewSnapshot, signal?: AbortSignal): Promise<SnapshotId> {
    this.#throwIfOver()
    assert.ok(this.#knows('tree', snapshot.tree), 'the tree of the snapshot was stored before')
    await this.#flush()
    // Nothing is left for them to do, and the index needs memory of its own.
    await this.#machinery?.threads[Symbol.asyncDispose]()
    await this.#confirm(signal)
    const indexFiles = await saveIndex(this.#core, this.#writtenPacks(), signal)
    // Twice, since writing the index takes time: what the snapshot names must be there when the snapshot appears.
    await this.#confirm(signal)
    const { uid, gid } = owner()
    const id = await saveDocument(this.#core, 'snapshots', encodeSnapshot({ ...snapshot, uid, gid }), signal)
    await this.#withdrawUnlessLocked(id, signal)
    // After the first backup what was written is all there is: no second table of it.
    if (this.#core.index.packCount === 0) this.#core.index = this.#written
    else for (const pack of this.#writtenPacks()) this.#core.index.addPack(pack.id, pack.blobs)
    // Known by name as well: when a prune replaces them, the next refresh must see that they are gone.
    this.#core.indexFiles = new Set([...this.#core.indexFiles, ...indexFiles])
    this.#isFinished = true
    return id as SnapshotId
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#machinery?.threads[Symbol.asyncDispose]()
    await Promise.allSettled(this.#storing)
  }

  /** What threads work with; they themselves start with their first job. */
  #start(): Machinery {
    if (this.#machinery) return this.#machinery
    const smallAt = chunkerMemoryBytes + limits.writeLanes * limits.writeLaneBytes
    const bytes = smallAt + smallBlobsMemoryBytes
    const pages = Math.ceil(bytes / 65_536)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    const threads = new SealingThreads({
      key: this.#core.key,
      compressionLevel: this.#options.compressionLevel,
      memory: memory.buffer as SharedArrayBuffer,
      store: (pack, packBytes) => this.#storePack(pack, packBytes),
      failed: (error) => this.#fail(error),
    })
    const small = new SmallBlobs({
      memory: memory.buffer as SharedArrayBuffer,
      address: smallAt,
      // Hardly any new data, as in an unchanged backup: starting a thread would take longer than sealing it here.
      store: (address, length, isOnly) =>
        isOnly && !threads.isStarted ? this.#sealHere(Buffer.from(memory.buffer, address, length)) : threads.storeBatch(address, length),
      failed: (error) => this.#fail(error),
    })
    this.#machinery = { memory, small, threads }
    return this.#machinery
  }

  /** Not before there is something to cut: an unchanged backup has nothing. */
  #startLanes(): ChunkLanes {
    const { memory, threads } = this.#start()
    this.#lanes ??= new ChunkLanes({
      memory,
      config: this.#core.config,
      hash: (address, length) => threads.hash(address, length),
      store: async (id, place, grain) => {
        if (!this.#isNew('data', id)) return
        this.#statistics.newBytes += place.length
        await threads.store(id, place, grain)
      },
      failed: (error) => this.#fail(error),
      signal: this.#signal,
    })
    return this.#lanes
  }

  async #sealHere(batch: Buffer): Promise<void> {
    for (const { id, bytes } of readRecords(batch)) await this.#data.add(id, bytes)
  }

  /** Claims a blob that is not there yet: true exactly once for each. */
  #isNew(type: BlobType, id: BlobId): boolean {
    if (!this.#isNeeded(type, id)) return false
    this.#underway[type].add(id)
    this.#statistics.newBlobs += 1
    return true
  }

  /** False when it is there already, and counted then as used again. */
  #isNeeded(type: BlobType, id: BlobId): boolean {
    if (!this.#isOurs(type, id)) {
      const found = this.#reusable(type, id)
      if (!found) return true
      this.#reusedPacks.add(found.packId)
    }
    this.#statistics.reusedBlobs += 1
    return false
  }

  #isOurs(type: BlobType, id: BlobId): boolean {
    return this.#underway[type].has(id) || (this.#written.blobCount > 0 && this.#written.has(type, id))
  }

  #knows(type: BlobType, id: BlobId): boolean {
    return this.#isOurs(type, id) || this.#reusable(type, id) !== undefined
  }

  /**
   * Where an earlier backup keeps the blob. SAFETY rule 26: what prune has marked counts as absent and is written anew, so
   * that its deletion cannot hurt a backup that began after the mark.
   */
  #reusable(type: BlobType, id: BlobId): BlobLocation | undefined {
    const { index, markedPacks } = this.#core
    const found = index.find(type, id)
    if (!found || !markedPacks.has(found.packId)) return found
    return index.findAll(type, id).find((place) => !markedPacks.has(place.packId))
  }

  /** design.rst "Read and Write Ordering": a tree must only name blobs that exist. Anything else is our mistake. */
  #assertStored(node: TreeNode): void {
    assert.ok(node.type !== 'file' || node.content, 'a file has its content stored before its directory')
    assert.ok(node.type !== 'dir' || node.subtree, 'a directory has its tree stored before its parent')
    for (const id of node.content ?? []) assert.ok(this.#knows('data', id), 'content was stored before its directory')
    if (node.subtree) assert.ok(this.#knows('tree', node.subtree), 'a tree was stored before its parent')
  }

  async #storePack(pack: IndexedPack, bytes: Uint8Array): Promise<void> {
    const storing = this.#core.storage.put(`data/${pack.id}`, [bytes], this.#signal)
    this.#storing.add(storing)
    try {
      await storing
    } catch (error) {
      this.#fail(error)
      throw error
    } finally {
      this.#storing.delete(storing)
    }
    // Only now: no index may name a pack that is not in the storage.
    this.#written.addPack(pack.id, pack.blobs)
    this.#writtenSizes.set(pack.id, bytes.byteLength)
    this.#statistics.storedBytes += bytes.byteLength
    for (const blob of pack.blobs) this.#underway[blob.type].delete(blob.id)
  }

  async #flush(): Promise<void> {
    await this.#lanes?.settled()
    await this.#machinery?.small.settled()
    await this.#machinery?.threads.flush()
    await Promise.all([this.#data.flush(), this.#trees.flush()])
    this.#throwIfOver()
    assert.equal(this.#underway.data.size + this.#underway.tree.size, 0)
  }

  /** SAFETY rule 26; and what this session stored is there, at its full length. */
  async #confirm(signal?: AbortSignal): Promise<void> {
    await this.lease.confirm(signal)
    const sizes = await this.#sizesOf([...this.#reusedPacks, ...this.#writtenSizes.keys()], signal)
    const gone = [...this.#reusedPacks].filter((pack) => !sizes.has(pack))
    if (gone[0] !== undefined) {
      const fact = `${gone.length} packs that this backup relies on are gone, ${gone[0]} among them`
      throw new Fault('REPOSITORY_PACK_VANISHED', fact, { pack: gone[0] })
    }
    for (const [pack, sizeBytes] of this.#writtenSizes) {
      const found = sizes.get(pack) ?? 0
      if (found === sizeBytes) continue
      // Without our lock a prune may have taken it, and the storage told no lie.
      await this.lease.confirm(signal)
      // No index names it yet; left there it would be damage for `check`.
      await this.#core.storage.remove(`data/${pack}`, signal)
      throw new Fault('STORAGE_UNTRUE', `pack ${pack} was written with ${sizeBytes} bytes, the storage has ${found}`, {
        pack,
        sizeBytes,
        found,
      })
    }
  }

  /** Who took our lock at the last moment may prune by a list without this snapshot; whoever comes later sees it. */
  async #withdrawUnlessLocked(id: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.lease.confirm(signal)
    } catch (error) {
      await this.#core.storage.remove(`snapshots/${id}`)
      throw error
    }
  }

  async #sizesOf(packs: readonly PackId[], signal?: AbortSignal): Promise<ReadonlyMap<PackId, number>> {
    if (packs.length > limits.packsLookedAtSingly) return await packSizes(this.#core, signal)
    const sizes = new Map<PackId, number>()
    for (const pack of packs) {
      const file = await this.#core.storage.stat(`data/${pack}`, signal)
      if (file) sizes.set(pack, file.sizeBytes)
    }
    return sizes
  }

  *#writtenPacks(): Iterable<IndexedPack> {
    for (const id of this.#written.packIds()) yield { id, blobs: this.#written.blobsOf(id) }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
  }

  #throwIfOver(): void {
    throwIfCancelled(this.#signal)
    if (this.#failure) throw this.#failure.error
    assert.ok(!this.#isFinished, 'the snapshot comes once, last')
  }
}
