import { Readable } from 'node:stream'
import { Fault } from '#base/fault.ts'
import { backupsAmong, openBackup, type Backup } from '#engine/backup/backups.ts'
import { fileIn, listFolder, type ListedEntry } from '#engine/backup/list-files.ts'
import type { Manifest } from '#engine/backup/manifest.ts'
import { fileContent } from '#engine/backup/stored-source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { knownRepository, openRepositoryOf } from '#service/repositories/repositories.ts'
import type { StoredRepository } from '#service/repositories/repositories.store.ts'
import type { LentRepository } from '#service/repositories/open-repositories.ts'
import { assertReadable, knownBackup } from './backups.ts'
import type { StoredBackup } from './backups.store.ts'

/** A backup whose content is looked into, and the repository that has it. */
export interface Browsed {
  readonly row: StoredBackup & { readonly snapshot: string }
  readonly repository: StoredRepository
}

export async function browsed(tx: Tx, id: string): Promise<Browsed> {
  const row = await knownBackup(tx, id)
  assertReadable(row)
  return { row, repository: await knownRepository(tx, row.repository_id) }
}

/** What stands in one folder. FILE_NOT_IN_BACKUP. */
export async function folderOf(house: House, { row, repository }: Browsed, path: string, signal: AbortSignal): Promise<ListedEntry[]> {
  await using lent = await openRepositoryOf(house, repository, signal)
  return await listFolder(lent.repository, await snapshotOf(lent, row, signal), path, signal)
}

/** Its manifest as it lies in the repository, with what the catalog does not keep of it. */
export async function manifestOf(house: House, { row, repository }: Browsed, signal: AbortSignal): Promise<Manifest> {
  await using lent = await openRepositoryOf(house, repository, signal)
  const { manifest } = await openBackup(lent.repository, await snapshotOf(lent, row, signal), signal)
  return manifest
}

/** FILE_NOT_IN_BACKUP. */
export async function fileOf(house: House, { row, repository }: Browsed, path: string, signal: AbortSignal): Promise<TreeNode> {
  await using lent = await openRepositoryOf(house, repository, signal)
  return await fileIn(lent.repository, await snapshotOf(lent, row, signal), path, signal)
}

/** Its bytes; the repository is held as long as they are read. */
export function contentOf(house: House, { repository }: Browsed, node: TreeNode, signal: AbortSignal): Readable {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    await using lent = await openRepositoryOf(house, repository, signal)
    yield* fileContent(lent.repository, node).read(signal)
  }
  return Readable.from(bytes(), { objectMode: false })
}

/** What a snapshot is never changes, so it is looked for once. */
const known = new Map<string, Backup>()
const knownMax = 1_000

async function snapshotOf({ repository }: LentRepository, { id, snapshot }: Browsed['row'], signal: AbortSignal): Promise<Backup> {
  const key = `${repository.id} ${id} ${snapshot}`
  const before = known.get(key)
  if (before) return before
  // By its uuid: restic gives a snapshot another id when somebody tags it.
  const found = backupsAmong(await repository.snapshots(signal)).find((backup) => backup.id === id)
  if (!found) throw new Fault('BACKUP_NOT_READY', `the snapshot of backup ${id} is not in its repository any more`)
  if (known.size >= knownMax) known.clear()
  known.set(key, found)
  return found
}
