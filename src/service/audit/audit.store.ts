import { sql } from 'kysely'
import { signedWith } from '#engine/repository/proof-key.ts'
import type { Tx } from '#service/catalog/scope.ts'
import { linked, storable, type AuditEvent, type LinkedEvent } from './audit-event.ts'
import type { SignedHead } from './statements.ts'
import type { TrailKeys } from './trail-keys.ts'

export type NewAuditEvent = Omit<AuditEvent, 'seq'>

/**
 * Appends to the chain inside the transaction of the act itself: both are there, or neither. The one row of `audit_head`
 * is locked until its end, so the chain has one end: call it last. Events of other tenants, and of none, are appended from any scope.
 */
export async function appendEvent(tx: Tx, keys: TrailKeys, event: NewAuditEvent): Promise<LinkedEvent> {
  const head = await openEnd(tx)
  const link = linked(storable({ ...event, seq: head.seq + 1 }), head.hash)
  await insertEvent(tx, link, keys.stamp(link.hash))
  await closeEnd(tx, signedHead(keys, head.generation, link), head.scope)
  return link
}

interface OpenEnd {
  readonly seq: number
  readonly hash: string
  readonly generation: number
  /** The transaction's own, which comes back. */
  readonly scope: string
}

async function openEnd(tx: Tx): Promise<OpenEnd> {
  const { rows } = await sql<OpenEnd>`
    with scope as materialized (select coalesce(current_setting('integrum.tenants', true), '') as tenants),
      opened as materialized (select tenants, set_config('integrum.tenants', '*', true) from scope)
    select seq, hash, generation, tenants as scope from audit_head, opened for update of audit_head`.execute(tx)
  return rows[0]!
}

async function closeEnd(tx: Tx, signed: SignedHead, scope: string): Promise<void> {
  await sql`update audit_head set seq = ${signed.seq}, hash = ${signed.hash}, signed = ${JSON.stringify(signed)}
    returning set_config('integrum.tenants', ${scope}, true)`.execute(tx)
}

function signedHead(keys: TrailKeys, generation: number, { event, hash }: LinkedEvent): SignedHead {
  return signedWith(keys.signing(generation), { kind: 'audit-head', format: 1, installation: keys.installation, seq: event.seq, hash })
}

async function insertEvent(tx: Tx, { event, previousHash, hash }: LinkedEvent, stamp: string): Promise<void> {
  await tx
    .insertInto('audit_events')
    .values({
      seq: event.seq,
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
      previous_hash: previousHash,
      hash,
      stamp,
    })
    .execute()
}
