import { z } from 'zod'
import { noteVerified } from '#service/backups/standing.ts'
import { within } from '#service/catalog/scope.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import { verifyOutputSchema, type work } from '#service/jobs/work/verify.work.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'

const orderSchema = z.object({ isQuick: z.boolean() })

/** Reads a backup as a restore would, and keeps a signed record of it in the repository. */
export const verifyKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'verify',
  order: orderSchema,
  output: verifyOutputSchema,
  work: new URL('../work/verify.work.ts', import.meta.url),
  prepare: async (house, { subjectId, repositoryId, tenantId, order }) => {
    const repository = await house.catalog.as(within(tenantId), (tx) => knownRepository(tx, repositoryId!))
    return { input: { id: subjectId!, isQuick: order.isQuick, repository: repositorySecrets(house, repository) } }
  },
  tellsItself: ({ code }) => code.startsWith('DAMAGE_'),
  settle: (house, tx, { id, subjectId }, outcome) => noteVerified(house, tx, { id: subjectId!, runId: id, outcome }),
})
