import { folders, marksFolder } from '#engine/storage/storage.ts'
import { coreOf } from './core.ts'
import type { Repository } from './repository.ts'
import { loadIndexes, rethrow } from './stored.ts'

export interface RepositoryStatistics {
  readonly snapshots: number
  readonly packs: number
  /** Packs that no snapshot needs and that wait for their deletion. */
  readonly markedPacks: number
  /** Different pieces of content; one that stands in two packs counts once. */
  readonly blobs: number
  /** Bytes of every file of the repository. */
  readonly storedBytes: number
  /** Content of the blobs before compression and sealing. */
  readonly plainBytes: number
  /** What became of `plainBytes` in the packs. */
  readonly packedBytes: number
  /** Share saved by compression alone: 0.6 means that 100 bytes became 40. Below 0 when sealing costs more than it saves. */
  readonly compressionRatio: number
}

/** What the repository holds, by reading the listings and the index. */
export async function repositoryStatistics(repository: Repository, signal?: AbortSignal): Promise<RepositoryStatistics> {
  const core = coreOf(repository)
  return await repository.reading(async () => {
    const files = new Map<string, number>()
    let storedBytes = (await core.storage.stat('config', signal))?.sizeBytes ?? 0
    for (const folder of [...folders, marksFolder] as const) {
      let count = 0
      for await (const file of core.storage.list(folder, signal)) {
        count += 1
        storedBytes += file.sizeBytes
      }
      files.set(folder, count)
    }
    const { index } = await loadIndexes(core, rethrow, signal)
    let [blobs, plainBytes, packedBytes] = [0, 0, 0]
    let entry = 0
    for (const blob of index.blobs()) {
      const isFirst = index.entryOf(blob.type, blob.id) === entry
      entry += 1
      if (!isFirst) continue
      blobs += 1
      plainBytes += blob.plainSizeBytes
      packedBytes += blob.sizeBytes
    }
    return {
      snapshots: files.get('snapshots') ?? 0,
      packs: files.get('data') ?? 0,
      markedPacks: files.get(marksFolder) ?? 0,
      blobs,
      storedBytes,
      plainBytes,
      packedBytes,
      compressionRatio: plainBytes === 0 ? 0 : 1 - packedBytes / plainBytes,
    }
  }, signal)
}
