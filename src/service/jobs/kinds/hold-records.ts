import { z } from 'zod'
import { within } from '#service/catalog/scope.ts'
import { recordsOf } from '#service/holds/recorded.ts'
import { holdsFor } from '#service/holds/recorded.store.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import { holdRecordsOutputSchema, type work } from '#service/jobs/work/hold-records.work.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'

/** Writes legal holds beside the backups that they keep: they bind whoever deletes without the service, and outlive the catalog. */
export const holdRecordsKind = jobKind<Record<string, never>, typeof work>({
  name: 'hold-records',
  order: z.strictObject({}),
  output: holdRecordsOutputSchema,
  work: new URL('../work/hold-records.work.ts', import.meta.url),
  prepare: async (house, { repositoryId, tenantId }) =>
    await house.catalog.as(within(tenantId), async (tx) => {
      const row = await knownRepository(tx, repositoryId!)
      return { input: { repository: repositorySecrets(house, row), wanted: (await holdsFor(tx, row)).flatMap(recordsOf) } }
    }),
  // Placing and releasing are events already.
  settle: async () => undefined,
})
