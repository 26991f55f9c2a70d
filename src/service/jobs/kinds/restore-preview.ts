import { z } from 'zod'
import { within } from '#service/catalog/scope.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import { restorePreviewOutputSchema, type work } from '#service/jobs/work/restore-preview.work.ts'
import { knownPlan, preparedPlan, settlePlan } from '#service/restores/plans.ts'

const orderSchema = z.object({})

/** Plans a restore: reads the backup and its target, changes nothing. */
export const restorePreviewKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'restore-preview',
  order: orderSchema,
  output: restorePreviewOutputSchema,
  work: new URL('../work/restore-preview.work.ts', import.meta.url),
  prepare: (house, { subjectId, tenantId }) =>
    house.catalog.as(within(tenantId), async (tx) => await preparedPlan(house, tx, await knownPlan(tx, subjectId!))),
  settle: (house, tx, { subjectId }, outcome) => settlePlan(house, tx, { id: subjectId!, outcome }),
})
