import { z } from 'zod'
import { jobKind } from '#service/jobs/job-kind.ts'
import { restoredSchema } from '#service/jobs/work/restored.ts'
import type { work } from '#service/jobs/work/undo.work.ts'
import { prepared } from '#service/restores/prepared.ts'
import { noteRestoreBegun, settleRestore, statusOf } from '#service/restores/restore-end.ts'

const orderSchema = z.object({ lossRowsMax: z.number().int().nonnegative().nullable() })

/** Puts back what a restore replaced. */
export const undoKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'undo',
  order: orderSchema,
  output: restoredSchema,
  work: new URL('../work/undo.work.ts', import.meta.url),
  isPressing: true,
  begin: (house, tx, { subjectId }) => noteRestoreBegun(house, tx, subjectId!),
  prepare: (house, run) =>
    prepared(house, run, ({ row, stateDirectory, confirmed }) => ({
      id: row.id,
      of: row.of_restore_id!,
      stateDirectory,
      confirmed,
      lossRowsMax: run.order.lossRowsMax,
    })),
  statusOf,
  tellsItself: () => true,
  settle: (house, tx, run, outcome) => settleRestore(house, tx, { run, outcome }),
})
