import { open, type FileHandle } from 'node:fs/promises'
import { Fault, errnoOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { ArchiveFormat } from '#contract/backups.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { Maker } from './backups.ts'
import { isOpenRun, type ListedBackup } from './backups.store.ts'
import { deleteDownload, findDownload, insertDownload, type ReadyDownload, type StoredDownload } from './downloads.store.ts'

export interface ArchiveWish {
  readonly backup: ListedBackup
  readonly format: ArchiveFormat
  readonly passphrase?: string | undefined
  readonly by: Maker
}

export interface BegunArchive {
  readonly archiveId: string
  readonly runId: string
}

/** The job that makes the archive: that which goes on for the same one already, or a new one. */
export async function beginArchive(house: House, tx: Tx, wish: ArchiveWish): Promise<BegunArchive> {
  const { backup, format, passphrase } = wish
  const going = passphrase === undefined ? await goingOn(tx, { backupId: backup.id, format }) : undefined
  if (going) return going
  const [archiveId, now] = [house.random.uuid(), house.clock.now()]
  const runId = await house.queue.add(tx, {
    kind: 'export',
    tenantId: backup.tenant_id,
    systemId: backup.system_id,
    repositoryId: backup.repository_id,
    subjectId: backup.id,
    title: `archive of a backup of ${backup.system_name}`,
    order: { archiveId },
    createdBy: { id: wish.by.id, name: wish.by.name },
    lane: `exports:${backup.repository_id}`,
  })
  const isMine = await insertDownload(tx, {
    id: archiveId,
    tenant_id: backup.tenant_id,
    backup_id: backup.id,
    format,
    is_encrypted: passphrase !== undefined,
    passphrase_sealed: passphrase === undefined ? null : house.sealing.seal(passphrase, passphraseUse(archiveId)),
    sha256: null,
    size_bytes: null,
    path: null,
    run_id: runId,
    created_at: now,
    expires_at: new Date(now.getTime() + limits.spoolKeepMs),
  })
  // Two first requests in the same moment: the job of this one goes with its transaction.
  if (!isMine) throw new Fault('DOUBLE_SUBMIT', `the same archive of backup ${backup.id} was asked for at the same moment`)
  return { archiveId, runId }
}

async function goingOn(tx: Tx, wanted: { readonly backupId: string; readonly format: ArchiveFormat }): Promise<BegunArchive | undefined> {
  const row = await findDownload(tx, wanted)
  if (!row) return undefined
  if (row.run_id !== null && (await isOpenRun(tx, row.run_id))) return { archiveId: row.id, runId: row.run_id }
  // Its job failed, or its file is gone.
  await deleteDownload(tx, row.id)
  return undefined
}

export function passphraseUse(id: string): string {
  return `archive-passphrase:${id}`
}

export interface OpenArchive {
  readonly row: ReadyDownload
  readonly handle: FileHandle
}

/** Opened before anything is answered: what is swept in the meantime can still be read. Undefined when it is not there. */
export async function openArchive(row: StoredDownload | undefined): Promise<OpenArchive | undefined> {
  if (!row || row.path === null || row.sha256 === null || row.size_bytes === null) return undefined
  try {
    return { row: row as ReadyDownload, handle: await open(row.path, 'r') }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    return undefined
  }
}

/** `<name>.tar.zst`, `….age` when it has a passphrase. */
export function archiveFileName(backupName: string, { format, is_encrypted: isEncrypted }: StoredDownload): string {
  return `${backupName.replaceAll(/[^\w.:-]+/g, '_').slice(0, 180)}.${format}${isEncrypted ? '.age' : ''}`
}
