import { within } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { Prepared, Run } from '#service/jobs/job-kind.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import { databasePasswordsOf, knownPlan } from './plans.ts'
import { knownRestore, stateDirectoryOf } from './restores.ts'
import type { StoredPlan, StoredRestore } from './restores.store.ts'

interface Facts {
  readonly row: StoredRestore
  readonly plan: StoredPlan
  readonly repository: ReturnType<typeof repositorySecrets>
  readonly stateDirectory: string
  readonly confirmed: string
}

/** What the job of a restore, of its undo or its release is handed, by its row and the plan that they all go back to. */
export async function prepared<Input>(
  house: House,
  { subjectId, tenantId }: Pick<Run, 'subjectId' | 'tenantId'>,
  inputOf: (facts: Facts) => Input,
): Promise<Prepared<Input>> {
  return await house.catalog.as(within(tenantId), async (tx) => {
    const row = await knownRestore(tx, subjectId!)
    const plan = await knownPlan(tx, row.plan_id!)
    const repository = repositorySecrets(house, await knownRepository(tx, plan.repository_id))
    const input = inputOf({ row, plan, repository, stateDirectory: stateDirectoryOf(house), confirmed: row.system_name })
    return { input, databasePasswords: await databasePasswordsOf(house, tx, plan) }
  })
}
