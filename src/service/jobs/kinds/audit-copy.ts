import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { noteCopy } from '#service/audit/copies.store.ts'
import { newestCheckpoint } from '#service/audit/trail.store.ts'
import { everything, within } from '#service/catalog/scope.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import { auditCopyOutputSchema, type work } from '#service/jobs/work/audit-copy.work.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'

const orderSchema = z.object({})

/**
 * Writes the newest checkpoint of the trail into a repository. It is no event itself: each would want another checkpoint,
 * and that another copy.
 */
export const auditCopyKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'audit-copy',
  order: orderSchema,
  output: auditCopyOutputSchema,
  work: new URL('../work/audit-copy.work.ts', import.meta.url),
  prepare: async (house, { repositoryId, tenantId }) => {
    const row = await house.catalog.as(within(tenantId), (tx) => knownRepository(tx, repositoryId!))
    const checkpoint = await house.catalog.as(everything, (tx) => newestCheckpoint(tx, house.trail.installation))
    if (!checkpoint) throw new Fault('NOT_FOUND', 'the trail has no checkpoint')
    return { input: { repository: repositorySecrets(house, row), checkpoint } }
  },
  settle: async (house, tx, { repositoryId }, outcome) => {
    if (outcome.kind !== 'completed') return
    const { seq, snapshot } = outcome.output
    await noteCopy(tx, { repositoryId: repositoryId!, seq, snapshot, at: house.clock.now() })
  },
})
