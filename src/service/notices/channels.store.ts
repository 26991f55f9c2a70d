import { sql, type Insertable, type Selectable, type Updateable } from 'kysely'
import { isDuplicate } from '#service/catalog/catalog.ts'
import { boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { NoticeChannelRow } from './notice-tables.ts'

export type StoredChannel = Selectable<NoticeChannelRow>
export type CountedChannel = StoredChannel & { readonly waiting: number; readonly given_up: number }

function counted(tx: Tx) {
  const of = (status: 'pending' | 'given_up') =>
    sql<number>`(select count(*) from notice_deliveries where channel_id = notice_channels.id and status = ${status})`
  return tx
    .selectFrom('notice_channels')
    .selectAll()
    .select([of('pending').as('waiting'), of('given_up').as('given_up')])
    .where('deleted_at', 'is', null)
}

export async function listChannelRows(
  tx: Tx,
  page: { readonly page: number; readonly pageSize: number },
): Promise<{ rows: CountedChannel[]; total: number }> {
  const { limit, offset } = boundsOf(page)
  const { total } = await tx
    .selectFrom('notice_channels')
    .select((select) => select.fn.countAll<number>().as('total'))
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  const rows = await counted(tx).orderBy('name').orderBy('id').limit(limit).offset(offset).execute()
  return { rows, total }
}

export async function channelRow(tx: Tx, id: string): Promise<CountedChannel | undefined> {
  return await counted(tx).where('id', '=', id).executeTakeFirst()
}

/** Held until the transaction ends. */
export async function lockChannelRow(tx: Tx, id: string): Promise<StoredChannel | undefined> {
  return await tx
    .selectFrom('notice_channels')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

/** False when there is a channel of that name. */
export async function insertChannel(tx: Tx, channel: Insertable<NoticeChannelRow>): Promise<boolean> {
  const inserted = await tx
    .insertInto('notice_channels')
    .values(channel)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}

/** False when there is another channel of that name. */
export async function updateChannel(tx: Tx, id: string, change: Updateable<NoticeChannelRow>): Promise<boolean> {
  try {
    await tx.updateTable('notice_channels').set(change).where('id', '=', id).execute()
    return true
  } catch (error) {
    if (!isDuplicate(error, 'notice_channels_name')) throw error
    return false
  }
}

/** Those whose digest is due; passed over while another service makes it. */
export async function lockDueDigests(tx: Tx, now: Date, rowsMax: number): Promise<StoredChannel[]> {
  return await tx
    .selectFrom('notice_channels')
    .selectAll()
    .where('deleted_at', 'is', null)
    .where('is_active', '=', true)
    .where('digest_next_at', '<=', now)
    .orderBy('digest_next_at')
    .limit(rowsMax)
    .forUpdate()
    .skipLocked()
    .execute()
}

/** The newest of its messages came through. */
export async function noteChannelWell(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.updateTable('notice_channels').set({ delivered_at: at, failing_since: null, last_fault: null }).where('id', '=', id).execute()
}

export async function noteChannelFailing(
  tx: Tx,
  id: string,
  { at, fault }: { readonly at: Date; readonly fault: { readonly code: string; readonly fact: string; readonly hint: string } },
): Promise<void> {
  await tx
    .updateTable('notice_channels')
    .set({ failing_since: sql<Date>`coalesce(failing_since, ${at})`, last_fault: JSON.stringify(fault) })
    .where('id', '=', id)
    .execute()
}
