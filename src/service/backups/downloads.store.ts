import type { Insertable, Selectable, Updateable } from 'kysely'
import type { ArchiveFormat } from '#contract/backups.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { DownloadRow, UploadRow } from '#service/catalog/tables.ts'

export type StoredDownload = Selectable<DownloadRow>
/** One whose archive is there. */
export type ReadyDownload = StoredDownload & { readonly sha256: string; readonly size_bytes: number; readonly path: string }

export async function findDownload(
  tx: Tx,
  wanted: { readonly backupId: string; readonly format: ArchiveFormat } | { readonly backupId: string; readonly id: string },
): Promise<StoredDownload | undefined> {
  const query = tx.selectFrom('downloads').selectAll().where('backup_id', '=', wanted.backupId)
  const chosen =
    'id' in wanted ? query.where('id', '=', wanted.id) : query.where('format', '=', wanted.format).where('is_encrypted', '=', false)
  return await chosen.forUpdate().executeTakeFirst()
}

export async function downloadRow(tx: Tx, id: string): Promise<StoredDownload | undefined> {
  return await tx.selectFrom('downloads').selectAll().where('id', '=', id).executeTakeFirst()
}

/** False when somebody else has begun the same archive at this moment. */
export async function insertDownload(tx: Tx, row: Insertable<DownloadRow>): Promise<boolean> {
  const inserted = await tx
    .insertInto('downloads')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}

export async function updateDownload(tx: Tx, id: string, change: Updateable<DownloadRow>): Promise<void> {
  await tx.updateTable('downloads').set(change).where('id', '=', id).execute()
}

export async function deleteDownload(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('downloads').where('id', '=', id).execute()
}

/** Oldest first. */
export async function allDownloads(tx: Tx): Promise<StoredDownload[]> {
  return await tx.selectFrom('downloads').selectAll().orderBy('created_at').orderBy('id').execute()
}

/** The next sweep takes what is there of them. */
export async function expireDownloads(tx: Tx, backupId: string, at: Date): Promise<void> {
  await tx.updateTable('downloads').set({ expires_at: at }).where('backup_id', '=', backupId).execute()
}

export async function insertUpload(tx: Tx, row: Insertable<UploadRow>): Promise<void> {
  await tx.insertInto('uploads').values(row).execute()
}

export async function updateUpload(tx: Tx, id: string, change: Updateable<UploadRow>): Promise<void> {
  await tx.updateTable('uploads').set(change).where('id', '=', id).execute()
}

export async function uploadRow(tx: Tx, id: string): Promise<Selectable<UploadRow> | undefined> {
  return await tx.selectFrom('uploads').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function deleteUpload(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('uploads').where('id', '=', id).execute()
}

export async function allUploads(tx: Tx): Promise<Selectable<UploadRow>[]> {
  return await tx.selectFrom('uploads').selectAll().execute()
}
