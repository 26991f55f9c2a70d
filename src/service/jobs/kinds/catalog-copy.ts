import { z } from 'zod'
import { within } from '#service/catalog/scope.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import { catalogCopyOutputSchema, type work } from '#service/jobs/work/catalog-copy.work.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import { noteCatalogCopy } from '#service/self-backup/self-backup.store.ts'
import { spoolCopy } from '#service/self-backup/spool-copy.ts'

const orderSchema = z.object({})

/** Writes what the catalog knows of a tenant into one of its repositories. No event of the trail: each copy holds the trail. */
export const catalogCopyKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'catalog-copy',
  order: orderSchema,
  output: catalogCopyOutputSchema,
  work: new URL('../work/catalog-copy.work.ts', import.meta.url),
  prepare: async (house, { id, repositoryId, tenantId }) => {
    const row = await house.catalog.as(within(tenantId), (tx) => knownRepository(tx, repositoryId!))
    const spooled = await spoolCopy(house, { runId: id, tenantId })
    return { input: { repository: repositorySecrets(house, row), installation: house.trail.installation, ...spooled } }
  },
  settle: async (_house, tx, { repositoryId, tenantId }, outcome) => {
    if (outcome.kind !== 'completed') return
    const { snapshot, at, sizeBytes } = outcome.output
    await noteCatalogCopy(tx, { repository_id: repositoryId!, tenant_id: tenantId, at: new Date(at), snapshot, size_bytes: sizeBytes })
  },
})
