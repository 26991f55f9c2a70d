import assert from 'node:assert/strict'
import { throwIfCancelled, type Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { BlobId, PackId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { marksFolder, type Storage, type StorageName } from '#engine/storage/storage.ts'
import { Findings, type CheckFinding, type CheckProgress } from './check-findings.ts'
import { checkPacks } from './check-packs.ts'
import { loadConfig } from './config.ts'
import type { DocumentPlace } from './document.ts'
import { checkKeyFile, openKey } from './keys.ts'
import { acquireLock, listLocks, type LockPlace, type LockRecord } from './locks.ts'
import { packTailSizeBytes, readPackHeader } from './pack.ts'
import { BlobReader } from './reading.ts'
import { walkReachable } from './reachable.ts'
import type { Snapshot } from './repository.ts'
import { loadIndexes, loadSnapshots, packFileSizeBytes, packSizes, type StoredIndex } from './stored.ts'

/** A repository as check takes it: not opened, since what is damaged may not open. */
export interface CheckedPlace {
  readonly storage: Storage
  readonly password: string
  readonly clock: Clock
  readonly lockRecord?: LockRecord | undefined
}

export interface CheckOptions {
  /** `quick`: the structure and every tree. `full`: every byte of every pack as well, read and hashed. */
  readonly depth: 'quick' | 'full'
  /** Of a full check: the packs of one share are read, and every pack is in exactly one of them. Default all. */
  readonly share?: PackShare | undefined
  /** `none` for a storage that may not be written; then nothing else may write meanwhile. Default `shared`. */
  readonly lock?: 'shared' | 'none'
  readonly onProgress?: (progress: CheckProgress) => void
}

/** One of `of` shares, from 1. A pack stays in its share for as long as there are so many. */
export interface PackShare {
  readonly share: number
  readonly of: number
}

export interface CheckReport {
  readonly depth: CheckOptions['depth']
  readonly isIntact: boolean
  /** The first `limits.checkFindingsMax`; `findingCount` counts all. */
  readonly findings: readonly CheckFinding[]
  readonly findingCount: number
  /** What was looked at: a report that counts nothing proves nothing. */
  readonly checked: {
    readonly keys: number
    readonly indexes: number
    readonly snapshots: number
    readonly trees: number
    readonly packs: number
    readonly blobs: number
    /** Bytes of packs read and hashed; 0 for `quick`. Those of its share when it was of one. */
    readonly packBytes: number
  }
  /** Harmless; prune takes them away. */
  readonly orphanPacks: number
  readonly orphanBytes: number
  readonly markedPacks: number
  readonly staleLocks: number
}

/**
 * Looks for damage without changing anything. Whatever is wrong is a finding of the report, and looking goes on behind it;
 * rejects only when it cannot look at all: REPOSITORY_NOT_FOUND, _PASSWORD, _LOCKED, DAMAGE_KEY when no key opens, STORAGE_….
 */
export async function checkRepository(checked: CheckedPlace, options: CheckOptions, signal?: AbortSignal): Promise<CheckReport> {
  const { storage, clock, lockRecord } = checked
  const { key } = await openKey(storage, checked.password, signal)
  return await checkOpened({ storage, key, clock, lockRecord }, options, signal)
}

/** The same with a key that is open already. */
export async function checkOpened(place: LockPlace, options: CheckOptions, signal?: AbortSignal): Promise<CheckReport> {
  if (options.lock === 'none') return await lookAtAll(place, options, signal)
  await using lock = await acquireLock(place, 'shared', signal)
  const report = await lookAtAll(place, options, signal)
  // Without the lock a prune may have run meanwhile, and what it removed would be called damage.
  await lock.confirm(signal)
  return report
}

async function lookAtAll(place: LockPlace, options: CheckOptions, signal?: AbortSignal): Promise<CheckReport> {
  const findings = new Findings()
  options.onProgress?.({ stage: 'structure', doneBytes: 0, totalBytes: 0 })
  const keys = await checkKeys(place, findings, signal)
  await findings.collect('config', 'DAMAGE_CONFIG', async () => void (await loadConfig(place.storage, place.key, signal)))
  // Read in the reverse of the order that backups write in: what one of these names was written before it.
  const snapshots = await loadSnapshots(place, (error, id) => findings.add(error, `snapshots/${id}`), signal)
  const indexes = await loadIndexes(place, (error, id) => findings.add(error, `index/${id}`), signal)
  const sizes = await packSizes(place, signal)
  compareSizes(indexes, sizes, findings)

  // A tree takes the main thread, a pack another one: both are looked at at the same time.
  const stop = new AbortController()
  const either = AbortSignal.any([stop.signal, ...(signal ? [signal] : [])])
  const inPacks = new Findings()
  options.onProgress?.({ stage: 'trees', doneBytes: 0, totalBytes: 0 })
  const packs = { place, index: indexes.index, sizes: packsOf(sizes, options.share), findings: inPacks }
  const reading = options.depth === 'full' ? checkPacks(packs, options.onProgress, either) : undefined
  // Awaited below, also when the trees fail first.
  reading?.catch(() => {})
  const { treeCount, orphans } = await lookAtTrees({ place, indexes, snapshots, sizes, findings }, options, either).catch(
    async (error: unknown) => {
      stop.abort()
      // What failed first is told.
      await reading?.catch(() => {})
      throw error
    },
  )
  const read = await reading
  findings.join(inPacks)
  return {
    depth: options.depth,
    isIntact: findings.count === 0,
    findings: findings.kept,
    findingCount: findings.count,
    checked: {
      keys,
      indexes: indexes.files.size,
      snapshots: snapshots.length,
      trees: treeCount,
      packs: sizes.size,
      blobs: indexes.index.blobCount,
      packBytes: read?.readBytes ?? 0,
    },
    orphanPacks: orphans.length,
    orphanBytes: orphans.reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0),
    markedPacks: await countFiles(place, marksFolder, signal),
    staleLocks: (await listLocks(place, signal)).filter((lock) => lock.isStale).length,
  }
}

/** The name of a pack is the hash of its content, so the shares are about equal. */
function packsOf(sizes: ReadonlyMap<PackId, number>, share: PackShare | undefined): ReadonlyMap<PackId, number> {
  if (!share) return sizes
  assert.ok(share.share >= 1 && share.share <= share.of)
  return new Map([...sizes].filter(([id]) => Number.parseInt(id.slice(0, 8), 16) % share.of === share.share - 1))
}

interface TreesToCheck {
  readonly place: LockPlace
  readonly indexes: StoredIndex
  readonly snapshots: readonly Snapshot[]
  readonly sizes: ReadonlyMap<PackId, number>
  readonly findings: Findings
}

/** Every tree of every snapshot, and whether all that they name is there. */
async function lookAtTrees(
  { place, indexes, snapshots, sizes, findings }: TreesToCheck,
  { depth }: CheckOptions,
  signal: AbortSignal,
): Promise<{ treeCount: number; orphans: readonly PackId[] }> {
  const missing = new Set<BlobId>()
  // In a full check the threads are busy with packs, and more of them would only be in each other's way.
  await using reader = new BlobReader({ ...place, index: indexes.index }, depth === 'full' ? 0 : limits.threads)
  const { treeCount } = await walkReachable(
    {
      index: indexes.index,
      loadTree: (id, within) => reader.load('tree', id, within),
      roots: snapshots,
      onDamage: (fault, snapshot, blobs) => {
        findings.add(fault, nameIn(fault) ?? `snapshots/${snapshot}`)
        for (const id of blobs) if (missing.size < limits.checkMissingBlobsMax) missing.add(id)
      },
    },
    signal,
  )
  const orphans = [...sizes.keys()].filter((id) => !indexes.index.hasPack(id))
  if (missing.size > 0) await findLostIndexes({ place, sizes, missing, findings }, orphans, signal)
  return { treeCount, orphans }
}

/** The pack that a fault names, as a file. */
function nameIn(fault: Fault): StorageName | undefined {
  const { pack } = fault.facts
  return typeof pack === 'string' ? `data/${pack}` : undefined
}

async function checkKeys(place: LockPlace, findings: Findings, signal?: AbortSignal): Promise<number> {
  let keys = 0
  for await (const file of place.storage.list('keys', signal)) {
    keys += 1
    await findings.collect(file.name, 'DAMAGE_KEY', () => checkKeyFile(place.storage, file.name.slice('keys/'.length), signal))
  }
  return keys
}

function compareSizes({ index }: StoredIndex, sizes: ReadonlyMap<PackId, number>, findings: Findings): void {
  for (const id of index.packIds()) {
    const sizeBytes = sizes.get(id)
    if (sizeBytes === undefined) {
      findings.add(new Fault('DAMAGE_MISSING_PACK', `pack ${id} is missing; the index names it`, { pack: id }), `data/${id}`)
      continue
    }
    const expectedBytes = packFileSizeBytes(index.blobsOf(id))
    if (sizeBytes === expectedBytes) continue
    const fact = `pack ${id} has ${sizeBytes} bytes, the index expects ${expectedBytes}`
    findings.add(new Fault('DAMAGE_PACK', fact, { pack: id, sizeBytes, expectedBytes }), `data/${id}`)
  }
}

interface LostIndexSearch {
  readonly place: LockPlace
  readonly sizes: ReadonlyMap<PackId, number>
  readonly missing: ReadonlySet<BlobId>
  readonly findings: Findings
}

/** Blobs that no index knows may lie in packs that no index names: then it is an index file that is missing, and nothing is lost. */
async function findLostIndexes(
  { place, sizes, missing, findings }: LostIndexSearch,
  orphans: readonly PackId[],
  signal?: AbortSignal,
): Promise<void> {
  for (const id of orphans) {
    throwIfCancelled(signal)
    await findings.collect(`data/${id}`, 'DAMAGE_MISSING_PACK', async () => {
      const blobs = await headerOf(place, { id, sizeBytes: sizes.get(id) ?? 0 }, signal)
      const needed = blobs.filter((blob) => missing.has(blob.id)).length
      if (needed === 0) return
      throw new Fault('DAMAGE_INDEX', `an index file is missing: pack ${id} holds ${needed} needed blobs and no index names it`, {
        pack: id,
        needed,
      })
    })
  }
}

/** The blobs of a pack by its own header. DAMAGE_PACK. */
export async function headerOf(place: DocumentPlace, { id, sizeBytes }: { id: PackId; sizeBytes: number }, signal?: AbortSignal) {
  const tail = async (length: number) => {
    const wanted = Math.min(length, sizeBytes)
    return await place.storage.get(`data/${id}`, { offset: sizeBytes - wanted, length: wanted }, signal)
  }
  const first = await tail(limits.packTailBytes)
  const needed = packTailSizeBytes(id, first, sizeBytes)
  return readPackHeader(place.key, { id, sizeBytes }, needed > first.byteLength ? await tail(needed) : first)
}

async function countFiles(place: LockPlace, folder: typeof marksFolder, signal?: AbortSignal): Promise<number> {
  let files = 0
  for await (const _ of place.storage.list(folder, signal)) files += 1
  return files
}
