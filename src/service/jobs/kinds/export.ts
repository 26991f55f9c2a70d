import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { knownBackup } from '#service/backups/backups.ts'
import { passphraseUse } from '#service/backups/downloads.ts'
import { deleteDownload, downloadRow, updateDownload } from '#service/backups/downloads.store.ts'
import { assertSpoolSpace, downloadsFolder } from '#service/backups/spool.ts'
import { within } from '#service/catalog/scope.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import { exportOutputSchema, type work } from '#service/jobs/work/export.work.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'

const orderSchema = z.object({ archiveId: z.uuid() })

/** Spools the portable archive of a backup into the data directory, for whoever fetches it. */
export const exportKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'export',
  order: orderSchema,
  output: exportOutputSchema,
  work: new URL('../work/export.work.ts', import.meta.url),
  prepare: async (house, { subjectId, tenantId, order }) => {
    const { backup, download, repository } = await house.catalog.as(within(tenantId), async (tx) => {
      const row = await knownBackup(tx, subjectId!)
      return {
        backup: row,
        download: await downloadRow(tx, order.archiveId),
        repository: await knownRepository(tx, row.repository_id),
      }
    })
    if (!download) throw new Fault('NOT_FOUND', `there is no archive ${order.archiveId}`)
    const folder = await downloadsFolder(house.config)
    await assertSpoolSpace(folder, backup.file_size_bytes ?? 0)
    return {
      input: {
        backupId: backup.id,
        archiveId: download.id,
        format: download.format,
        passphrase: download.passphrase_sealed ? house.sealing.unseal(download.passphrase_sealed, passphraseUse(download.id)) : undefined,
        folder,
        repository: repositorySecrets(house, repository),
      },
    }
  },
  settle: async (house, tx, { order }, outcome) => {
    if (outcome.kind !== 'completed') return await deleteDownload(tx, order.archiveId)
    const { path, sizeBytes, sha256 } = outcome.output
    const expiresAt = new Date(house.clock.now().getTime() + limits.spoolKeepMs)
    await updateDownload(tx, order.archiveId, { path, size_bytes: sizeBytes, sha256, passphrase_sealed: null, expires_at: expiresAt })
  },
})
