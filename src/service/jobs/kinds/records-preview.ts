import { z } from 'zod'
import { within } from '#service/catalog/scope.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import { recordsPreviewOutputSchema, type work } from '#service/jobs/work/records-preview.work.ts'
import { knownPlan } from '#service/restores/plans.ts'
import { preparedRecords, settleRecordsPlan } from '#service/restores/record-plans.ts'

const orderSchema = z.object({})

/** Lays single records of a backup beside what is live: reads alone, and writes what it found into a folder of the data directory. */
export const recordsPreviewKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'records-preview',
  order: orderSchema,
  output: recordsPreviewOutputSchema,
  work: new URL('../work/records-preview.work.ts', import.meta.url),
  prepare: (house, { subjectId, tenantId }) =>
    house.catalog.as(within(tenantId), async (tx) => await preparedRecords(house, tx, await knownPlan(tx, subjectId!))),
  settle: (house, tx, { subjectId }, outcome) => settleRecordsPlan(house, tx, { id: subjectId!, outcome }),
})
