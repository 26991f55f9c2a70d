import { Fault } from '#base/fault.ts'
import type { BackupId, BlobId } from '#base/ids.ts'
import { isOwnRecord } from '#engine/repository/own-records.ts'
import type { Repository, Snapshot } from '#engine/repository/repository.ts'
import type { RootSection } from '#engine/sources/files/root-section.ts'
import { assertNoneDamaged, nodeAt, readTags, type OpenedBackup } from './backups.ts'
import { manifestChecksum, printManifest, type Manifest } from './manifest.ts'

/** What a backup of another program is called where a system is asked for. */
export const foreignSystem = 'restic'

/** Those that restic or another program wrote, in the order of the snapshots. */
export function foreignAmong(snapshots: readonly Snapshot[]): Snapshot[] {
  return snapshots.filter((snapshot) => readTags(snapshot.tags) === undefined && !isOwnRecord(snapshot))
}

/** By a unique beginning of its id, or `latest`; undefined when none fits. BACKUP_AMBIGUOUS. */
export async function findForeign(repository: Repository, wanted: string, signal?: AbortSignal): Promise<Snapshot | undefined> {
  const { whole, damaged } = await repository.listSnapshots(signal)
  const snapshots = foreignAmong(whole)
  if (wanted === 'latest') {
    assertNoneDamaged(damaged)
    return snapshots.at(-1)
  }
  const found = snapshots.filter(({ id }) => id.startsWith(wanted.toLowerCase()))
  if (found.length > 1)
    throw new Fault('BACKUP_AMBIGUOUS', `${found.length} snapshots begin with ${wanted}`, { wanted, found: found.length })
  return found[0]
}

/**
 * A snapshot of another program, seen as a backup of one file root called `root`. When it was made from one directory,
 * that directory is the root; otherwise everything it holds is. Its manifest is made by counting: nothing vouches for it
 * but the hashes of its pieces.
 */
export async function openForeign(repository: Repository, snapshot: Snapshot, root: string, signal?: AbortSignal): Promise<OpenedBackup> {
  const folder = await folderOf(repository, snapshot, signal)
  const section = await countRoot(repository, { snapshot, folder, root }, signal)
  const id = uuidOf(snapshot)
  const manifest: Manifest = {
    format: 1,
    product: 'integrum',
    version: 'foreign',
    backup: id,
    name: `restic-${snapshot.id.slice(0, 8)}`,
    system: foreignSystem,
    type: 'files',
    purpose: 'regular',
    hostname: snapshot.hostname,
    startedAt: snapshot.time.toISOString(),
    isQuiesced: false,
    compressionLevel: 0,
    databases: [],
    roots: [section],
    references: { checked: 0, dangling: 0 },
    gaps: { count: 0, first: [] },
    statistics: { readBytes: 0, newBytes: 0, newBlobs: 0, reusedBlobs: 0 },
  }
  const backup = { id, snapshot, system: foreignSystem, type: 'files', purpose: 'regular', hasGaps: false } as const
  return { backup, manifest, checksum: manifestChecksum(printManifest(manifest)), folderOf: () => folder }
}

async function folderOf(repository: Repository, snapshot: Snapshot, signal?: AbortSignal): Promise<string> {
  const [only, ...more] = snapshot.paths
  if (only === undefined || more.length > 0) return ''
  const node = await nodeAt(repository, snapshot.tree, only, signal)
  return node?.type === 'dir' ? only : ''
}

async function countRoot(
  repository: Repository,
  { snapshot, folder, root }: { readonly snapshot: Snapshot; readonly folder: string; readonly root: string },
  signal?: AbortSignal,
): Promise<RootSection> {
  const counted = { files: 0, directories: 0, specials: 0, bytes: 0 }
  const count = async (subtree: BlobId): Promise<void> => {
    for (const node of await repository.tree(subtree, signal)) {
      if (node.type === 'file') {
        counted.files += 1
        counted.bytes += node.sizeBytes
      } else if (node.type === 'dir') {
        counted.directories += 1
        if (node.subtree) await count(node.subtree)
      } else counted.specials += 1
    }
  }
  const start = folder === '' ? snapshot.tree : (await nodeAt(repository, snapshot.tree, folder, signal))?.subtree
  if (!start) throw new Fault('DAMAGE_TREE', `snapshot ${snapshot.id} has no tree at ${folder}`, { snapshot: snapshot.id })
  await count(start)
  return {
    name: root,
    path: snapshot.paths[0] ?? '/',
    instant: snapshot.time.toISOString(),
    isMountPoint: false,
    ...counted,
    newer: { count: 0, paths: [] },
    exactness: [{ what: 'holes of sparse files', why: 'restic does not record them; they come back filled with zeros' }],
  }
}

/** Journals and plans name a backup by uuid: here the first half of the snapshot's own id. */
function uuidOf(snapshot: Snapshot): BackupId {
  const hex = snapshot.id.slice(0, 32)
  // RFC 9562: the digits that say which kind of UUID it is; 8 is one of the applications' own.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}` as BackupId
}
