import { sql } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'

export const eventsChannel = 'integrum_events'

export interface NewEvent {
  /** Null: of the whole installation, for those who have a role in all of it. */
  readonly tenantId: string | null
  /** `<noun>.<what happened>`. */
  readonly kind: string
  readonly subjectId: string | null
  /** JSON without secrets and patient data. */
  readonly body: unknown
  readonly at: Date
}

export interface StoredEvent extends NewEvent {
  readonly id: number
}

export async function insertEvent(tx: Tx, { tenantId, kind, subjectId, body, at }: NewEvent): Promise<void> {
  await tx
    .insertInto('events')
    .values({ tenant_id: tenantId, kind, subject_id: subjectId, body: JSON.stringify(body), at })
    .execute()
  await sql`select pg_notify(${eventsChannel}, '')`.execute(tx)
}

/** In order, those after `after` up to `until`. */
export async function readEvents(
  tx: Tx,
  { after, until = Number.MAX_SAFE_INTEGER, limit }: { readonly after: number; readonly until?: number; readonly limit: number },
): Promise<StoredEvent[]> {
  const rows = await tx
    .selectFrom('events')
    .selectAll()
    .where('id', '>', after)
    .where('id', '<=', until)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ id, tenant_id, kind, subject_id, body, at }) => ({ id, tenantId: tenant_id, kind, subjectId: subject_id, body, at }))
}

/** 0 when there are none. */
export async function newestEventId(tx: Tx): Promise<number> {
  const row = await tx
    .selectFrom('events')
    .select((e) => e.fn.max('id').as('id'))
    .executeTakeFirst()
  return row?.id ?? 0
}

export async function oldestEventId(tx: Tx): Promise<number> {
  const row = await tx
    .selectFrom('events')
    .select((e) => e.fn.min('id').as('id'))
    .executeTakeFirst()
  return row?.id ?? 0
}

export async function deleteEventsBefore(tx: Tx, before: Date): Promise<void> {
  await tx.deleteFrom('events').where('at', '<', before).execute()
}
