import { z } from 'zod'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { within } from '#service/catalog/scope.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import { pruneOutputSchema, type work } from '#service/jobs/work/prune.work.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import { assertTrustedTime } from '#service/retention/clock.ts'

/** Gives back the space of what was removed: it marks first, and deletes a day later. */
export const pruneKind = jobKind<Record<string, never>, typeof work>({
  name: 'prune',
  order: z.strictObject({}),
  output: pruneOutputSchema,
  work: new URL('../work/prune.work.ts', import.meta.url),
  prepare: async (house, { repositoryId, tenantId }) =>
    await house.catalog.as(within(tenantId), async (tx) => {
      await assertTrustedTime(house, tx)
      return { input: { repository: repositorySecrets(house, await knownRepository(tx, repositoryId!)) } }
    }),
  // The alert about the clock says it already.
  tellsItself: ({ code }) => code === 'RETENTION_CLOCK',
  settle: async (house, tx, { id: runId, repositoryId, tenantId }, outcome) => {
    const { id, name } = await knownRepository(tx, repositoryId!)
    await recordSystemEvent(tx, house, {
      action: `repository.prune-${outcome.kind}`,
      tenantId,
      subject: { kind: 'repository', id, name },
      facts: {
        runId,
        ...(outcome.kind === 'completed' && outcome.output),
        ...(outcome.kind === 'failed' && { code: outcome.fault.code }),
      },
    })
  },
})
