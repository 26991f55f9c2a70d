import { z } from 'zod'
import { within } from '#service/catalog/scope.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import type { work } from '#service/jobs/work/restore.work.ts'
import { restoredSchema } from '#service/jobs/work/restored.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import { databasePasswordsOf, knownPlan } from '#service/restores/plans.ts'
import { noteRestoreBegun, settleRestore, statusOf } from '#service/restores/restore-end.ts'
import { knownRestore, stateDirectoryOf } from '#service/restores/restores.ts'

const orderSchema = z.object({})

/** Carries a signed plan out. */
export const restoreKind = jobKind<z.infer<typeof orderSchema>, typeof work>({
  name: 'restore',
  order: orderSchema,
  output: restoredSchema,
  work: new URL('../work/restore.work.ts', import.meta.url),
  begin: (house, tx, { subjectId }) => noteRestoreBegun(house, tx, subjectId!),
  prepare: (house, { subjectId, tenantId }) =>
    house.catalog.as(within(tenantId), async (tx) => {
      const row = await knownRestore(tx, subjectId!)
      const plan = await knownPlan(tx, row.plan_id!)
      return {
        input: {
          document: plan.document!,
          repository: repositorySecrets(house, await knownRepository(tx, plan.repository_id)),
          stateDirectory: stateDirectoryOf(house),
          confirmed: row.system_name,
          withoutSafetyBackup: row.without_safety_backup_reason ?? undefined,
        },
        databasePasswords: await databasePasswordsOf(house, tx, plan),
      }
    }),
  statusOf,
  settle: (house, tx, run, outcome) => settleRestore(house, tx, { run, outcome }),
})
