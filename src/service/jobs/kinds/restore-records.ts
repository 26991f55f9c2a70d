import { z } from 'zod'
import { jobKind } from '#service/jobs/job-kind.ts'
import type { work } from '#service/jobs/work/restore-records.work.ts'
import { restoredSchema } from '#service/jobs/work/restored.ts'
import { prepared } from '#service/restores/prepared.ts'
import { plannedFolderOf } from '#service/restores/record-folders.ts'
import { noteRestoreBegun, settleRestore, statusOf } from '#service/restores/restore-end.ts'

const orderSchema = z.object({})

/** Writes the change set of a signed plan. */
export const restoreRecordsKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'restore-records',
  order: orderSchema,
  output: restoredSchema,
  work: new URL('../work/restore-records.work.ts', import.meta.url),
  isPressing: true,
  begin: (house, tx, { subjectId }) => noteRestoreBegun(house, tx, subjectId!),
  prepare: (house, run) =>
    prepared(house, run, ({ row, repository, stateDirectory, confirmed }) => ({
      id: row.id,
      repository,
      folder: plannedFolderOf(house, row.plan_id!),
      stateDirectory,
      confirmed,
    })),
  statusOf,
  tellsItself: () => true,
  settle: (house, tx, run, outcome) => settleRestore(house, tx, { run, outcome }),
})
