import type { PackId, SnapshotId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { StoredFile } from '#engine/storage/storage.ts'
import { loadDocument, type DocumentPlace } from './document.ts'
import { addIndexFile, indexFileIds, sealedIndexFiles } from './index-file.ts'
import { PackIndex } from './pack-index.ts'
import type { PackedBlob } from './pack.ts'
import { sealOverheadBytes } from './seal.ts'
import type { Snapshot } from './repository.ts'
import { decodeSnapshot } from './snapshot.ts'

/** What lies in the storage, for those who look at all of it: check, forget, prune, statistics. */
export interface StoredIndex {
  readonly index: PackIndex
  /** Which packs each index file names. */
  readonly files: ReadonlyMap<string, readonly PackId[]>
}

type OnFault = (error: unknown, id: string) => void

/** Reads every index file. Whatever is wrong with one goes to `onFault`, which throws or goes on without it. */
export async function loadIndexes(place: DocumentPlace, onFault: OnFault, signal?: AbortSignal): Promise<StoredIndex> {
  return await loadIndexFiles(place, await indexFileIds(place, signal), onFault, signal)
}

export async function loadIndexFiles(
  place: DocumentPlace,
  ids: readonly string[],
  onFault: OnFault,
  signal?: AbortSignal,
): Promise<StoredIndex> {
  const index = new PackIndex()
  const files = new Map<string, readonly PackId[]>()
  for await (const file of sealedIndexFiles(place, ids.toSorted(), signal)) {
    try {
      const packIds = await addIndexFile(place, file, index)
      files.set(file.id, packIds())
    } catch (error) {
      onFault(error, file.id)
    }
  }
  return { index, files }
}

export async function loadSnapshots(place: DocumentPlace, onFault: OnFault, signal?: AbortSignal): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = []
  const ids = await snapshotIds(place, signal)
  for (let at = 0; at < ids.length; at += limits.snapshotsReadAtOnce) {
    const read = ids
      .slice(at, at + limits.snapshotsReadAtOnce)
      .map(async (id) => decodeSnapshot(await loadDocument(place, 'snapshots', id, signal), id))
    for (const [index, snapshot] of (await Promise.allSettled(read)).entries()) {
      if (snapshot.status === 'fulfilled') snapshots.push(snapshot.value)
      else onFault(snapshot.reason, ids[at + index]!)
    }
  }
  return snapshots
}

export async function snapshotIds(place: DocumentPlace, signal?: AbortSignal): Promise<SnapshotId[]> {
  const ids: SnapshotId[] = []
  for await (const file of place.storage.list('snapshots', signal)) ids.push(file.name.slice('snapshots/'.length) as SnapshotId)
  return ids.toSorted()
}

export async function packSizes(place: DocumentPlace, signal?: AbortSignal): Promise<Map<PackId, number>> {
  const sizes = new Map<PackId, number>()
  for await (const file of place.storage.list('data', signal)) sizes.set(packIdIn(file), file.sizeBytes)
  return sizes
}

export function packIdIn(file: StoredFile): PackId {
  return file.name.slice(file.name.indexOf('/') + 1) as PackId
}

/** What the file of a pack with these blobs measures: blobs, sealed header, its length (design.rst "Pack Format"). */
export function packFileSizeBytes(blobs: readonly PackedBlob[]): number {
  const entries = blobs.reduce((sum, blob) => sum + (blob.isCompressed ? 41 : 37), 0)
  return blobs.reduce((sum, blob) => sum + blob.sizeBytes, 0) + entries + sealOverheadBytes + 4
}

/** For callers to whom any fault is the end. */
export function rethrow(error: unknown): never {
  throw error
}
