import { z } from 'zod'
import { within } from '#service/catalog/scope.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import { restoredSchema } from '#service/jobs/work/restored.ts'
import type { work } from '#service/jobs/work/undo.work.ts'
import { databasePasswordsOf, knownPlan } from '#service/restores/plans.ts'
import { noteRestoreBegun, settleRestore, statusOf } from '#service/restores/restore-end.ts'
import { knownRestore, stateDirectoryOf } from '#service/restores/restores.ts'

const orderSchema = z.object({ lossRowsMax: z.number().int().nonnegative().nullable() })

/** Puts back what a restore replaced. */
export const undoKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'undo',
  order: orderSchema,
  output: restoredSchema,
  work: new URL('../work/undo.work.ts', import.meta.url),
  begin: (house, tx, { subjectId }) => noteRestoreBegun(house, tx, subjectId!),
  prepare: (house, { subjectId, tenantId, order }) =>
    house.catalog.as(within(tenantId), async (tx) => {
      const row = await knownRestore(tx, subjectId!)
      return {
        input: {
          id: row.id,
          of: row.of_restore_id!,
          stateDirectory: stateDirectoryOf(house),
          confirmed: row.system_name,
          lossRowsMax: order.lossRowsMax,
        },
        databasePasswords: await databasePasswordsOf(house, tx, await knownPlan(tx, row.plan_id!)),
      }
    }),
  statusOf,
  settle: (house, tx, run, outcome) => settleRestore(house, tx, { run, outcome }),
})
