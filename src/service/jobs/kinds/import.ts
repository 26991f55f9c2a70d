import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { passphraseUse } from '#service/backups/downloads.ts'
import { updateUpload, uploadRow } from '#service/backups/downloads.store.ts'
import { enterFound } from '#service/backups/found.ts'
import { within } from '#service/catalog/scope.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import { importOutputSchema, type work } from '#service/jobs/work/import.work.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import { knownSystem } from '#service/systems/systems.ts'

const orderSchema = z.object({
  uploadId: z.uuid(),
  newBackupId: z.uuid(),
  isAsNew: z.boolean(),
  sourceName: z.string().optional(),
  compressionLevel: z.number().int(),
})

/** Makes a backup of a file that came over the wire. */
export const importKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'import',
  order: orderSchema,
  output: importOutputSchema,
  work: new URL('../work/import.work.ts', import.meta.url),
  prepare: async (house, { systemId, tenantId, order }) => {
    const { upload, system, repository } = await house.catalog.as(within(tenantId), async (tx) => {
      const row = await knownSystem(tx, systemId!)
      return { upload: await uploadRow(tx, order.uploadId), system: row, repository: await knownRepository(tx, row.repository_id) }
    })
    if (!upload) throw new Fault('NOT_FOUND', `there is no upload ${order.uploadId}`)
    const sealed = upload.passphrase_sealed
    return {
      input: {
        path: upload.path,
        passphrase: sealed ? house.sealing.unseal(sealed, passphraseUse(upload.id)) : undefined,
        system: system.name,
        newBackupId: order.newBackupId,
        isAsNew: order.isAsNew,
        sourceName: order.sourceName,
        compressionLevel: order.compressionLevel,
        repository: repositorySecrets(house, repository),
      },
    }
  },
  statusOf: ({ gapCount }) => (gapCount > 0 ? 'completed_with_gaps' : 'completed'),
  settle: async (house, tx, run, outcome) => {
    // The file itself goes with the next sweep of what waits.
    await updateUpload(tx, run.order.uploadId, { passphrase_sealed: null })
    if (outcome.kind !== 'completed') return
    const { id, name, type, purpose, startedAt, ...facts } = outcome.output
    const system = await knownSystem(tx, run.systemId!)
    const row = await enterFound(
      tx,
      { id, name, type, purpose, startedAt: new Date(startedAt), facts },
      {
        tenantId: run.tenantId,
        repository: await knownRepository(tx, run.repositoryId!),
        systemName: system.name,
        createdBy: run.createdBy,
        runId: run.id,
        at: house.clock.now(),
      },
    )
    await recordSystemEvent(tx, house, {
      action: 'backup.imported',
      tenantId: run.tenantId,
      subject: { kind: 'backup', id: row.id, name: row.name },
      facts: { runId: run.id, by: run.createdBy.name, snapshot: facts.snapshot, checksum: facts.checksum, gaps: facts.gapCount },
    })
  },
})
