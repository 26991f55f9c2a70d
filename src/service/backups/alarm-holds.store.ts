import { sql } from 'kysely'
import type { NoticeKind } from '#contract/notice-kinds.ts'
import type { Tx } from '#service/catalog/scope.ts'

/** While one of these is open about a backup, what was made before it may be all that is left. */
const keepingKinds: readonly NoticeKind[] = ['drill-failed', 'backup-anomalous', 'verification-failed']

/**
 * Keeps the predecessors of every backup of the system that an alarm is open about, and lets go of the others. Right
 * whatever was opened or settled before, so it is asked after each of these.
 */
export async function keepPredecessors(tx: Tx, systemId: string): Promise<void> {
  const reason = sql<string | null>`(select a.id from alerts a join backups about on about.id::text = a.subject_id
    where a.settled_at is null and a.subject_kind = 'backup' and a.system_id = ${systemId} and a.kind = any (${[...keepingKinds]})
      and backups.created_at < about.created_at
    order by a.opened_at, a.id limit 1)`
  await tx
    .updateTable('backups')
    .set({ held_by_alert: reason })
    .where('system_id', '=', systemId)
    .where('removed_at', 'is', null)
    .where('snapshot', 'is not', null)
    .where('held_by_alert', 'is distinct from', reason)
    .execute()
}

/** Of alerts that somebody settled by hand, past those who would have let go. */
export async function letGoOfSettled(tx: Tx): Promise<void> {
  const systems = await tx
    .selectFrom('backups')
    .innerJoin('alerts', 'alerts.id', 'backups.held_by_alert')
    .select('backups.system_id')
    .distinct()
    .where('backups.held_by_alert', 'is not', null)
    .where('alerts.settled_at', 'is not', null)
    .execute()
  for (const { system_id: systemId } of systems) await keepPredecessors(tx, systemId!)
}
