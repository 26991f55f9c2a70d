import type { z } from 'zod'
import { recordPolicySchema } from '#contract/records.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { Outcome, Prepared } from '#service/jobs/job-kind.ts'
import type { RecordsPreviewInput, recordsPreviewOutputSchema } from '#service/jobs/work/records-preview.work.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import { activeSystem, systemSources } from '#service/systems/systems.ts'
import { wishedRecords, type StoredRequest } from './plan-requests.ts'
import { failureOf, planAgeMsMax } from './plans.ts'
import { plannedFolderOf } from './record-folders.ts'
import { stateDirectoryOf } from './restores.ts'
import { updatePlan, type StoredPlan } from './restores.store.ts'

/** What the planning child is handed. */
export async function preparedRecords(house: House, tx: Tx, plan: StoredPlan): Promise<Prepared<RecordsPreviewInput>> {
  const { databases, roots, settings, databasePasswords } = await systemSources(house, tx, await activeSystem(tx, plan.system_id!))
  const request = plan.request as StoredRequest
  const { records, rows } = wishedRecords(house, plan)
  return {
    input: {
      planId: plan.id,
      backupId: plan.backup_id,
      repository: repositorySecrets(house, await knownRepository(tx, plan.repository_id)),
      records,
      policy: { ...recordPolicySchema.parse(request.policy ?? {}), rows },
      database: request.databases?.[0]?.name ?? null,
      own: { databases, roots, settings },
      folder: plannedFolderOf(house, plan.id),
      stateDirectory: stateDirectoryOf(house),
    },
    databasePasswords,
  }
}

export async function settleRecordsPlan(
  house: House,
  tx: Tx,
  { id, outcome }: { readonly id: string; readonly outcome: Outcome<z.infer<typeof recordsPreviewOutputSchema>> },
): Promise<void> {
  if (outcome.kind !== 'completed') {
    await updatePlan(tx, id, { status: 'failed', fault: JSON.stringify(failureOf(outcome)), secrets_sealed: null })
    return
  }
  const { digest, plan } = outcome.output
  const expiresAt = new Date(house.clock.now().getTime() + planAgeMsMax)
  await updatePlan(tx, id, { status: 'ready', digest, summary: JSON.stringify(plan), expires_at: expiresAt, secrets_sealed: null })
}
