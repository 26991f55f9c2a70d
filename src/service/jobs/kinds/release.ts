import { z } from 'zod'
import { jobKind } from '#service/jobs/job-kind.ts'
import type { work } from '#service/jobs/work/release.work.ts'
import { restoredSchema } from '#service/jobs/work/restored.ts'
import { prepared } from '#service/restores/prepared.ts'
import { noteRestoreBegun, settleRestore, statusOf } from '#service/restores/restore-end.ts'

const orderSchema = z.object({})

/** Backs up what a restore replaced, reads that back, and lets it go. */
export const releaseKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'release',
  order: orderSchema,
  output: restoredSchema,
  work: new URL('../work/release.work.ts', import.meta.url),
  begin: (house, tx, { subjectId }) => noteRestoreBegun(house, tx, subjectId!),
  prepare: (house, run) =>
    prepared(house, run, ({ row, repository, stateDirectory, confirmed }) => ({
      of: row.of_restore_id!,
      repository,
      stateDirectory,
      confirmed,
      withoutBackup: row.without_safety_backup_reason ?? undefined,
    })),
  statusOf,
  settle: (house, tx, run, outcome) => settleRestore(house, tx, { run, outcome }),
})
