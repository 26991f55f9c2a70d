import type { Selectable } from 'kysely'
import type { AlertRow } from '#service/alerts/alert-tables.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { RunRow } from '#service/catalog/tables.ts'

/** What of each list a digest names; all are counted. */
const namedMax = 50

export interface DigestContent {
  readonly ended: readonly { readonly kind: string; readonly status: string; readonly count: number }[]
  readonly failed: readonly (Pick<Selectable<RunRow>, 'kind' | 'fault' | 'ended_at'> & { readonly system_name: string | null })[]
  readonly open: readonly Pick<
    Selectable<AlertRow>,
    'severity' | 'fact' | 'opened_at' | 'acknowledged_by' | 'subject_kind' | 'subject_id' | 'subject_name'
  >[]
  readonly openCount: number
  readonly next: readonly { readonly system_name: string; readonly backup_type: string; readonly next_run_at: Date | null }[]
}

/** Of the rows that the transaction sees. */
export async function readDigest(tx: Tx, { since, until }: { readonly since: Date; readonly until: Date }): Promise<DigestContent> {
  const runs = tx.selectFrom('runs').where('ended_at', '>', since).where('ended_at', '<=', until)
  const alerts = tx.selectFrom('alerts').where('settled_at', 'is', null)
  const { openCount } = await alerts.select((e) => e.fn.countAll<number>().as('openCount')).executeTakeFirstOrThrow()
  return {
    ended: await runs
      .select((e) => ['kind', 'status', e.fn.countAll<number>().as('count')])
      .groupBy(['kind', 'status'])
      .orderBy('kind')
      .orderBy('status')
      .execute(),
    failed: await runs
      .leftJoin('systems', 'systems.id', 'runs.system_id')
      .select(['kind', 'fault', 'ended_at', 'systems.name as system_name'])
      .where('status', '=', 'failed')
      .orderBy('ended_at')
      .limit(namedMax)
      .execute(),
    open: await alerts
      .select(['severity', 'fact', 'opened_at', 'acknowledged_by', 'subject_kind', 'subject_id', 'subject_name'])
      .orderBy('opened_at')
      .limit(namedMax)
      .execute(),
    openCount,
    next: await tx
      .selectFrom('backup_schedules')
      .innerJoin('systems', 'systems.id', 'backup_schedules.system_id')
      .select(['systems.name as system_name', 'backup_type', 'next_run_at'])
      .where('deleted_at', 'is', null)
      .where('is_active', '=', true)
      .where('next_run_at', 'is not', null)
      .orderBy('next_run_at')
      .limit(namedMax)
      .execute(),
  }
}
