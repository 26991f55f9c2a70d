import { isWhole } from '#base/backup-types.ts'
import { Fault } from '#base/fault.ts'
import { isHexId, isUuid, type BackupId, type BlobId } from '#base/ids.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import type { DamagedSnapshot, Repository, Snapshot } from '#engine/repository/repository.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { manifestChecksum, parseManifest, type Manifest } from './manifest.ts'

/** One backup as its snapshot's tags tell it, without opening its manifest. */
export interface Backup extends Tagged {
  readonly snapshot: Snapshot
}

export interface Tagged {
  readonly id: BackupId
  readonly system: string
  readonly type: string
  readonly purpose: 'regular' | 'safety' | 'release'
  readonly hasGaps: boolean
}

/** Tags of a backup's snapshot (DESIGN §4). restic's tags may not hold commas; names and uuids never do. */
export function backupTags(backup: { id: string; system: string; type: string; purpose: Backup['purpose']; hasGaps: boolean }): string[] {
  const tags = ['integrum', `system=${backup.system}`, `type=${backup.type}`, `backup=${backup.id}`]
  if (backup.purpose !== 'regular') tags.push(backup.purpose)
  if (backup.hasGaps) tags.push('gaps')
  return tags
}

/** Every backup of Integrum in the repository, oldest first. Snapshots of other programs are left out. */
export async function listBackups(repository: Repository, signal?: AbortSignal): Promise<Backup[]> {
  return backupsAmong(await repository.snapshots(signal))
}

/** In the order of the snapshots. */
export function backupsAmong(snapshots: readonly Snapshot[]): Backup[] {
  return snapshots.map(backupOf).filter((backup) => backup !== undefined)
}

export function backupOf(snapshot: Snapshot): Backup | undefined {
  const tagged = readTags(snapshot.tags)
  return tagged && { ...tagged, snapshot }
}

/** What the tags of a snapshot say; undefined when it is not a backup of Integrum. */
export function readTags(tags: readonly string[]): Tagged | undefined {
  if (!tags.includes('integrum')) return undefined
  const tag = (name: string) => tags.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1)
  const id = tag('backup')
  const system = tag('system')
  const type = tag('type')
  if (id === undefined || system === undefined || type === undefined) return undefined
  const purpose = tags.includes('safety') ? 'safety' : tags.includes('release') ? 'release' : 'regular'
  return { id: id as BackupId, system, type, purpose, hasGaps: tags.includes('gaps') }
}

/**
 * Finds one backup by its uuid, a unique beginning of its uuid or snapshot id, or `latest`: the newest regular one of the system as it is,
 * of `system` when it is given. BACKUP_NOT_FOUND, BACKUP_AMBIGUOUS.
 */
export async function findBackup(
  repository: Repository,
  wanted: string,
  options: { system?: string | undefined; now: Date },
  signal?: AbortSignal,
): Promise<Backup> {
  const { whole, damaged } = await repository.listSnapshots(signal)
  const all = backupsAmong(whole).filter((backup) => options.system === undefined || backup.system === options.system)
  if (wanted === 'latest') {
    assertNoneDamaged(damaged)
    return latest(all, options.now)
  }
  const text = wanted.toLowerCase()
  if (!isUuid(text) && !isHexId(text) && !/^[0-9a-f-]{4,64}$/.test(text)) {
    throw new Fault('BACKUP_NOT_FOUND', `"${wanted}" is not the id of a backup, the beginning of one, or "latest"`, { wanted })
  }
  const found = all.filter((backup) => backup.id.startsWith(text) || backup.snapshot.id.startsWith(text))
  const [only] = found
  // By its uuid a damaged one cannot be known, but it may be the one that is meant.
  if (!only) assertNoneDamaged(damaged)
  if (!only) throw new Fault('BACKUP_NOT_FOUND', `no backup ${wanted} in the repository`, { wanted })
  if (found.length > 1) throw new Fault('BACKUP_AMBIGUOUS', `${found.length} backups begin with ${wanted}`, { wanted, found: found.length })
  return only
}

/** A damaged snapshot may be the newest, or the one that is asked for: an older one is never given in its place unasked. */
export function assertNoneDamaged(damaged: readonly DamagedSnapshot[]): void {
  const [first] = damaged
  if (!first) return
  const fact = `${damaged.length === 1 ? 'a snapshot is' : `${damaged.length} snapshots are`} damaged and may be the one that is wanted: ${first.fault.message}`
  throw new Fault('DAMAGE_SNAPSHOT', fact, { snapshot: first.id, damaged: damaged.length }, { cause: first.fault })
}

// A clock that jumped ahead once must not make an old backup the latest for ever (SAFETY rule 29).
function latest(backups: readonly Backup[], now: Date): Backup {
  const regular = backups.filter((backup) => backup.purpose === 'regular' && isWhole(backup))
  const newest = regular.findLast((backup) => backup.snapshot.time <= now) ?? regular.at(-1)
  if (!newest) throw new Fault('BACKUP_NOT_FOUND', 'there is no backup yet', {})
  const systems = new Set(regular.map((backup) => backup.system))
  if (systems.size > 1) {
    throw new Fault('BACKUP_AMBIGUOUS', `the repository holds ${systems.size} systems; "latest" needs one`, {
      systems: [...systems].join(' '),
    })
  }
  return newest
}

export interface OpenedBackup {
  readonly backup: Backup
  readonly manifest: Manifest
  /** SHA-256 of the manifest's bytes: the checksum of the whole backup. */
  readonly checksum: string
  /** Where a source's content stands in the snapshot: `database/<name>`, `files/<name>`. */
  folderOf(place: 'database' | 'files', name: string): string
}

/** Reads and checks the manifest: it must be that of this snapshot. */
export async function openBackup(repository: Repository, backup: Backup, signal?: AbortSignal): Promise<OpenedBackup> {
  const node = (await repository.tree(backup.snapshot.tree, signal)).find((child) => child.name === byteStringOf('manifest.json'))
  if (!node?.content) throw new Fault('DAMAGE_MANIFEST', `backup ${backup.id} has no manifest`, { backup: backup.id })
  const parts: Uint8Array[] = []
  for await (const part of repository.read(node.content, signal)) parts.push(Buffer.from(part))
  const bytes = Buffer.concat(parts)
  const manifest = parseManifest(bytes)
  if (manifest.backup !== backup.id) {
    throw new Fault('DAMAGE_MANIFEST', `the manifest is of backup ${manifest.backup}, the snapshot of ${backup.id}`, { backup: backup.id })
  }
  return { backup, manifest, checksum: manifestChecksum(bytes), folderOf: (place, name) => `${place}/${name}` }
}

/** The node at `path` (parts joined with `/`, from the root of the backup); undefined when there is none. */
export async function nodeAt(repository: Repository, tree: BlobId, path: string, signal?: AbortSignal): Promise<TreeNode | undefined> {
  let subtree: BlobId | undefined = tree
  let node: TreeNode | undefined
  for (const part of path.split('/').filter((text) => text !== '')) {
    if (!subtree) return undefined
    node = (await repository.tree(subtree, signal)).find((child) => child.name === byteStringOf(part))
    if (!node) return undefined
    subtree = node.subtree
  }
  return node
}
