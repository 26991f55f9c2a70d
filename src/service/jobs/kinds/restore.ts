import { z } from 'zod'
import { jobKind } from '#service/jobs/job-kind.ts'
import type { work } from '#service/jobs/work/restore.work.ts'
import { restoredSchema } from '#service/jobs/work/restored.ts'
import { prepared } from '#service/restores/prepared.ts'
import { noteRestoreBegun, settleRestore, statusOf } from '#service/restores/restore-end.ts'

const orderSchema = z.object({})

/** Carries a signed plan out. */
export const restoreKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'restore',
  order: orderSchema,
  output: restoredSchema,
  work: new URL('../work/restore.work.ts', import.meta.url),
  isPressing: true,
  begin: (house, tx, { subjectId }) => noteRestoreBegun(house, tx, subjectId!),
  prepare: (house, run) =>
    prepared(house, run, ({ row, plan, repository, stateDirectory, confirmed }) => ({
      document: plan.document!,
      repository,
      stateDirectory,
      confirmed,
      withoutSafetyBackup: row.without_safety_backup_reason ?? undefined,
    })),
  statusOf,
  tellsItself: () => true,
  settle: (house, tx, run, outcome) => settleRestore(house, tx, { run, outcome }),
})
