import { raiseAlert, settleAlert, tell } from '#service/alerts/alerts.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { AnyJobKind, Outcome } from './job-kind.ts'
import type { StoredRun } from './runs.store.ts'

/**
 * Of a job that failed for good, unless its kind tells of it. One that the service began by itself is in doubt until its next one
 * is completed; whoever asked for one asks again, so that people are told and nothing stays open.
 */
export async function alertOfJob(
  house: House,
  tx: Tx,
  { run, kind, outcome }: { readonly run: StoredRun; readonly kind: AnyJobKind | undefined; readonly outcome: Outcome },
): Promise<void> {
  const concerns = `${run.kind}:${run.subject_id ?? run.system_id ?? run.repository_id ?? run.tenant_id}`
  if (outcome.kind === 'completed')
    return await settleAlert(house, tx, { kind: 'job-failed', concerns, because: `the job "${run.kind}" was completed` })
  if (outcome.kind === 'cancelled' || kind?.tellsItself?.(outcome.fault)) return
  const { code, hint } = outcome.fault
  const told = {
    kind: 'job-failed',
    tenantId: run.tenant_id,
    systemId: run.system_id,
    subject: { kind: 'job', id: run.id, name: run.title },
    fact: `the job "${run.kind}" failed: ${code}`,
    hint,
    facts: { code },
  } as const
  if (run.created_by_id === null) await raiseAlert(house, tx, { ...told, concerns })
  else await tell(house, tx, told)
}
