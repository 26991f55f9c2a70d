import { sql, type Insertable, type Selectable, type Updateable } from 'kysely'
import type { z } from 'zod'
import type { alerts } from '#contract/alerts.ts'
import type { NoticeKind, Severity } from '#contract/notice-kinds.ts'
import { boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { AlertRow, NoticeRow } from './alert-tables.ts'

export type StoredAlert = Selectable<AlertRow>

/** Opens it, or notes that it was found so again; `isNew` when it was not open before. */
export async function insertAlert(tx: Tx, alert: Insertable<AlertRow>): Promise<StoredAlert & { readonly isNew: boolean }> {
  const { severity, fact, hint, facts, seen_at } = alert
  return await tx
    .insertInto('alerts')
    .values(alert)
    .onConflict((conflict) =>
      conflict
        .column('key')
        .where('settled_at', 'is', null)
        .doUpdateSet({ severity, fact, hint, facts, seen_at, times: sql<number>`alerts.times + 1` }),
    )
    .returningAll()
    .returning(sql<boolean>`times = 1`.as('isNew'))
    .executeTakeFirstOrThrow()
}

/** Undefined when none was open. */
export async function closeAlert(
  tx: Tx,
  { key, at, because }: { readonly key: string; readonly at: Date; readonly because: string },
): Promise<StoredAlert | undefined> {
  return await tx
    .updateTable('alerts')
    .set({ settled_at: at, settled_because: because })
    .where('key', '=', key)
    .where('settled_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
}

/** Open ones. */
export async function alertsSeenBefore(tx: Tx, kind: NoticeKind, instant: Date): Promise<readonly Pick<StoredAlert, 'key'>[]> {
  return await tx
    .selectFrom('alerts')
    .select('key')
    .where('kind', '=', kind)
    .where('settled_at', 'is', null)
    .where('seen_at', '<=', instant)
    .execute()
}

export async function insertNotice(tx: Tx, notice: Insertable<NoticeRow>): Promise<void> {
  await tx.insertInto('notices').values(notice).execute()
}

export type ShownAlert = StoredAlert & { readonly system_name: string | null }

export async function listAlertRows(
  tx: Tx,
  { state, severity, kind, systemId, ...page }: z.output<(typeof alerts.list)['query']>,
): Promise<{ rows: ShownAlert[]; total: number }> {
  const { limit, offset } = boundsOf(page)
  const chosen = withSystem(tx)
    .$if(state !== 'all', (query) => query.where('settled_at', state === 'open' ? 'is' : 'is not', null))
    .$if(severity !== undefined, (query) => query.where('severity', '=', severity!))
    .$if(kind !== undefined, (query) => query.where('alerts.kind', '=', kind!))
    .$if(systemId !== undefined, (query) => query.where('system_id', '=', systemId!))
  const { total } = await chosen.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await chosen
    .selectAll('alerts')
    .select('systems.name as system_name')
    .orderBy('opened_at', 'desc')
    .orderBy('alerts.id')
    .limit(limit)
    .offset(offset)
    .execute()
  return { rows, total }
}

export async function findAlertRow(tx: Tx, id: string): Promise<ShownAlert | undefined> {
  return await withSystem(tx).selectAll('alerts').select('systems.name as system_name').where('alerts.id', '=', id).executeTakeFirst()
}

export interface TellingRow {
  readonly at: Date
  readonly occasion: NoticeRow['occasion']
  readonly delivered: number
  readonly waiting: number
  readonly given_up: number
}

/** When people were told of it, the oldest first, and what became of the messages. */
export async function tellingsOf(tx: Tx, alertId: string): Promise<TellingRow[]> {
  const { rows } = await sql<TellingRow>`
    select n.at, n.occasion, count(*) filter (where d.status = 'delivered')::int as delivered,
      count(*) filter (where d.status = 'pending')::int as waiting, count(*) filter (where d.status = 'given_up')::int as given_up
    from notices n left join notice_deliveries d on d.notice_id = n.id
    where n.alert_id = ${alertId} group by n.id, n.at, n.occasion order by n.at, n.id`.execute(tx)
  return rows
}

/** Held until the transaction ends. */
export async function lockAlertRow(tx: Tx, id: string): Promise<ShownAlert | undefined> {
  return await withSystem(tx)
    .selectAll('alerts')
    .select('systems.name as system_name')
    .where('alerts.id', '=', id)
    .forUpdate('alerts')
    .executeTakeFirst()
}

export async function updateAlert(tx: Tx, id: string, change: Updateable<AlertRow>): Promise<void> {
  await tx.updateTable('alerts').set(change).where('id', '=', id).execute()
}

function withSystem(tx: Tx) {
  return tx.selectFrom('alerts').leftJoin('systems', 'systems.id', 'alerts.system_id')
}

/**
 * Open ones of that severity that nobody takes care of and that were not told of since, or (the clock was set back) after now;
 * passed over while another tells of them.
 */
export async function lockUntold(
  tx: Tx,
  { severity, since, now, rowsMax }: { readonly severity: Severity; readonly since: Date; readonly now: Date; readonly rowsMax: number },
): Promise<StoredAlert[]> {
  return await tx
    .selectFrom('alerts')
    .selectAll()
    .where('settled_at', 'is', null)
    .where('acknowledged_at', 'is', null)
    .where('severity', '=', severity)
    .where(sql<boolean>`(coalesce(told_at, opened_at) <= ${since} or coalesce(told_at, opened_at) > ${now})`)
    .orderBy('opened_at')
    .limit(rowsMax)
    .forUpdate()
    .skipLocked()
    .execute()
}
