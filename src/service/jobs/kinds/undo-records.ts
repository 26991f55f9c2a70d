import { z } from 'zod'
import { jobKind } from '#service/jobs/job-kind.ts'
import { restoredSchema } from '#service/jobs/work/restored.ts'
import type { work } from '#service/jobs/work/undo-records.work.ts'
import { prepared } from '#service/restores/prepared.ts'
import { noteRestoreBegun, settleRestore, statusOf } from '#service/restores/restore-end.ts'

// How much may be lost is no question here: rows that were written since are refused, whatever their number.
const orderSchema = z.object({})

/** Takes single records back that a restore has written. */
export const undoRecordsKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'undo-records',
  order: orderSchema,
  output: restoredSchema,
  work: new URL('../work/undo-records.work.ts', import.meta.url),
  isPressing: true,
  begin: (house, tx, { subjectId }) => noteRestoreBegun(house, tx, subjectId!),
  prepare: (house, run) =>
    prepared(house, run, ({ row, stateDirectory, confirmed }) => ({ of: row.of_restore_id!, stateDirectory, confirmed })),
  statusOf,
  tellsItself: () => true,
  settle: (house, tx, run, outcome) => settleRestore(house, tx, { run, outcome }),
})
