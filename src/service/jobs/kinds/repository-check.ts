import { z } from 'zod'
import { shareSchema } from '#contract/repositories.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { within } from '#service/catalog/scope.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import { repositoryCheckOutputSchema, type work } from '#service/jobs/work/repository-check.work.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import { patchState } from '#service/repositories/repositories.store.ts'
import { noteChecked } from '#service/verification/verification.ts'

const orderSchema = z.object({ depth: z.enum(['quick', 'full']), share: shareSchema.optional() })

/** Looks for damage. What it finds stands with the repository; damage is an event of the trail, and the job then has gaps. */
export const repositoryCheckKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'repository-check',
  order: orderSchema,
  output: repositoryCheckOutputSchema,
  work: new URL('../work/repository-check.work.ts', import.meta.url),
  prepare: async (house, { repositoryId, tenantId, order }) => {
    const row = await house.catalog.as(within(tenantId), (tx) => knownRepository(tx, repositoryId!))
    return { input: { repository: repositorySecrets(house, row), ...order } }
  },
  statusOf: ({ state: { lastCheck } }) => (lastCheck.isIntact ? 'completed' : 'completed_with_gaps'),
  tellsItself: ({ code }) => code.startsWith('DAMAGE_'),
  settle: async (house, tx, { repositoryId, tenantId, order, id }, outcome) => {
    const row = await knownRepository(tx, repositoryId!)
    if (outcome.kind === 'completed') await patchState(tx, row.id, outcome.output.state)
    const found =
      outcome.kind === 'completed'
        ? { isIntact: outcome.output.state.lastCheck.isIntact, findingCount: outcome.output.state.lastCheck.findingCount }
        : {}
    await noteChecked(house, tx, { repository: row, runId: id, order, outcome })
    await recordSystemEvent(tx, house, {
      action: `repository.check-${outcome.kind}`,
      tenantId,
      subject: { kind: 'repository', id: row.id, name: row.name },
      facts: { runId: id, ...order, ...found, ...(outcome.kind === 'failed' && { code: outcome.fault.code }) },
    })
  },
})
