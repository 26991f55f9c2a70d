import { sql, type Insertable, type Selectable } from 'kysely'
import type { z } from 'zod'
import { limits } from '#base/limits.ts'
import type { channels } from '#contract/channels.ts'
import { severities } from '#contract/notice-kinds.ts'
import { boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { NoticeDeliveryRow } from './notice-tables.ts'
import type { NamedNotice } from './message.ts'

export type StoredDelivery = Selectable<NoticeDeliveryRow>

/** Notices of which nobody has looked yet where they go; each is held, and passed over by others. The oldest first. */
export async function lockUnspread(tx: Tx, rowsMax: number): Promise<NamedNotice[]> {
  return await tx
    .selectFrom('notices')
    .leftJoin('systems', 'systems.id', 'notices.system_id')
    .leftJoin('tenants', 'tenants.id', 'notices.tenant_id')
    .leftJoin('alerts', 'alerts.id', 'notices.alert_id')
    .selectAll('notices')
    .select(['systems.name as system_name', 'tenants.title as tenant_title', 'alerts.opened_at as opened_at'])
    .where('spread_at', 'is', null)
    .orderBy('at')
    .limit(rowsMax)
    .forUpdate('notices')
    .skipLocked()
    .execute()
}

/** Which channels a notice goes to: those of its tenant, and those of the whole installation. */
export async function channelsOf(tx: Tx, { tenant_id: tenantId, kind, severity }: NamedNotice) {
  const reached = severities.slice(0, severities.indexOf(severity) + 1)
  return await tx
    .selectFrom('notice_channels')
    .select(['id', 'tenant_id'])
    .where('deleted_at', 'is', null)
    .where('is_active', '=', true)
    .where('severity_least', 'in', reached)
    .where((where) => where.or([where('tenant_id', 'is', null), where('tenant_id', '=', tenantId)]))
    .where((where) => where.or([where('notice_kinds', 'is', null), sql<boolean>`${kind} = any(notice_kinds)`]))
    .execute()
}

/** A second one of the same notice through the same channel is none. */
export async function insertDelivery(tx: Tx, delivery: Insertable<NoticeDeliveryRow>): Promise<void> {
  await tx
    .insertInto('notice_deliveries')
    .values(delivery)
    .onConflict((conflict) => conflict.columns(['channel_id', 'notice_id']).doNothing())
    .execute()
}

export async function noteSpread(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.updateTable('notices').set({ spread_at: at }).where('id', '=', id).execute()
}

/** Also what waits for a time that is further off than any pause: the clock was set back. */
function due(tx: Tx, now: Date) {
  const beyond = new Date(now.getTime() + Math.max(...limits.noticeRetryPausesMs))
  return tx
    .selectFrom('notice_deliveries')
    .where('status', '=', 'pending')
    .where((where) => where.or([where('next_try_at', '<=', now), where('next_try_at', '>', beyond)]))
    .where((where) =>
      where.or([where('claimed_until', 'is', null), where('claimed_until', '<=', now), where('claimed_until', '>', beyond)]),
    )
}

/** Channels that have something to send. */
export async function dueChannels(tx: Tx, now: Date): Promise<string[]> {
  const rows = await due(tx, now)
    .innerJoin('notice_channels', 'notice_channels.id', 'channel_id')
    .where('is_active', '=', true)
    .select('channel_id')
    .distinct()
    .execute()
  return rows.map(({ channel_id: id }) => id)
}

/** The oldest that is due, for whoever sends it until then. Passed over while another claims it. */
export async function claimDelivery(
  tx: Tx,
  channelId: string,
  { now, until }: { readonly now: Date; readonly until: Date },
): Promise<StoredDelivery | undefined> {
  const oldest = due(tx, now)
    .select('id')
    .where('channel_id', '=', channelId)
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .forUpdate()
    .skipLocked()
  return await tx
    .updateTable('notice_deliveries')
    .set((e) => ({ attempts: e('attempts', '+', 1), claimed_until: until }))
    .where('id', '=', oldest)
    .returningAll()
    .executeTakeFirst()
}

type End = Pick<Insertable<NoticeDeliveryRow>, 'status' | 'next_try_at' | 'last_fault' | 'answer' | 'ended_at'>

/** What came of an attempt; false when it is not the newest any more, and nothing is written. */
export async function noteAttempt(tx: Tx, { id, attempts }: StoredDelivery, end: Partial<End>): Promise<boolean> {
  const updated = await tx
    .updateTable('notice_deliveries')
    .set({ ...end, claimed_until: null })
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .where('status', '=', 'pending')
    .executeTakeFirst()
  return updated.numUpdatedRows === 1n
}

/** A channel that was changed is tried with at once. */
export async function hastenDeliveries(tx: Tx, channelId: string, at: Date): Promise<void> {
  await tx
    .updateTable('notice_deliveries')
    .set({ next_try_at: at })
    .where('channel_id', '=', channelId)
    .where('status', '=', 'pending')
    .execute()
}

/** What waits for a channel that is gone or switched off. */
export async function giveUpDeliveries(
  tx: Tx,
  channelId: string,
  { at, fault }: { readonly at: Date; readonly fault: { readonly code: string; readonly fact: string; readonly hint: string } },
): Promise<void> {
  await tx
    .updateTable('notice_deliveries')
    .set({ status: 'given_up', next_try_at: null, ended_at: at, last_fault: JSON.stringify(fault) })
    .where('channel_id', '=', channelId)
    .where('status', '=', 'pending')
    .execute()
}

export type ListedDelivery = StoredDelivery & { readonly channel_name: string }

export async function listDeliveryRows(
  tx: Tx,
  { channelId, status, ...page }: z.output<(typeof channels.deliveries)['query']>,
): Promise<{ rows: ListedDelivery[]; total: number }> {
  const { limit, offset } = boundsOf(page)
  const chosen = tx
    .selectFrom('notice_deliveries')
    .innerJoin('notice_channels', 'notice_channels.id', 'channel_id')
    .$if(channelId !== undefined, (query) => query.where('channel_id', '=', channelId!))
    .$if(status !== undefined, (query) => query.where('status', '=', status!))
  const { total } = await chosen.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await chosen
    .selectAll('notice_deliveries')
    .select('notice_channels.name as channel_name')
    .orderBy('notice_deliveries.created_at', 'desc')
    .orderBy('notice_deliveries.id')
    .limit(limit)
    .offset(offset)
    .execute()
  return { rows, total }
}
