import { sql } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'
import { hashOfEvent, type AuditEvent } from './audit-event.ts'

export type NewAuditEvent = Omit<AuditEvent, 'seq' | 'previousHash'>

/**
 * Appends to the chain inside the transaction of the act itself: both are there, or neither. The one row of `audit_head`
 * is locked until its end, so the chain has one end. Events of other tenants, and of none, are appended from any scope.
 */
export async function appendEvent(tx: Tx, event: NewAuditEvent): Promise<AuditEvent & { readonly hash: string }> {
  const scope = await sql<{ tenants: string }>`select coalesce(current_setting('integrum.tenants', true), '') as tenants`.execute(tx)
  await sql`select set_config('integrum.tenants', '*', true)`.execute(tx)
  const head = await tx.selectFrom('audit_head').select(['seq', 'hash']).forUpdate().executeTakeFirstOrThrow()
  const linked: AuditEvent = { ...event, seq: head.seq + 1, previousHash: head.hash }
  const hash = hashOfEvent(linked)
  await tx
    .insertInto('audit_events')
    .values({
      seq: linked.seq,
      id: event.id,
      tenant_id: event.tenantId,
      at: new Date(event.at),
      actor_kind: event.actorKind,
      actor_id: event.actorId,
      actor_name: event.actorName,
      address: event.address,
      request_id: event.requestId,
      action: event.action,
      outcome: event.outcome,
      subject_kind: event.subjectKind,
      subject_id: event.subjectId,
      subject_name: event.subjectName,
      reason: event.reason,
      before: JSON.stringify(event.before),
      after: JSON.stringify(event.after),
      facts: JSON.stringify(event.facts),
      previous_hash: head.hash,
      hash,
    })
    .execute()
  await tx.updateTable('audit_head').set({ seq: linked.seq, hash }).execute()
  await sql`select set_config('integrum.tenants', ${scope.rows[0]!.tenants}, true)`.execute(tx)
  return { ...linked, hash }
}
