import { z } from 'zod'
import { jobKind } from '#service/jobs/job-kind.ts'
import type { work } from '#service/jobs/work/release-records.work.ts'
import { restoredSchema } from '#service/jobs/work/restored.ts'
import { prepared } from '#service/restores/prepared.ts'
import { noteRestoreBegun, settleRestore, statusOf } from '#service/restores/restore-end.ts'

const orderSchema = z.object({})

/** Gives up the undo of single records, and removes their rows. */
export const releaseRecordsKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'release-records',
  order: orderSchema,
  output: restoredSchema,
  work: new URL('../work/release-records.work.ts', import.meta.url),
  begin: (house, tx, { subjectId }) => noteRestoreBegun(house, tx, subjectId!),
  prepare: (house, run) =>
    prepared(house, run, ({ row, stateDirectory, confirmed }) => ({ of: row.of_restore_id!, stateDirectory, confirmed })),
  statusOf,
  settle: (house, tx, run, outcome) => settleRestore(house, tx, { run, outcome }),
})
