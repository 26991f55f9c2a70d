import { sql } from 'kysely'
import { limits } from '#base/limits.ts'
import type { SignedCheckpoint } from '#engine/repository/checkpoints.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { AuditEventRow } from './audit-tables.ts'
import type { AuditEvent, LinkedEvent } from './audit-event.ts'

/** The trail as it stands in the catalog, which may have been changed: nothing here is believed yet. */
export interface TrailEnd {
  /** What the row says that holds the end; null when it is gone. */
  readonly head: { readonly seq: number; readonly hash: string; readonly signed: unknown; readonly generation: number } | null
  /** Of the last event and the last checkpoint that are there, whatever the head says. */
  readonly lastSeq: number
  readonly lastCheckpoint: number
}

/** At one instant: what is written meanwhile is behind it. */
export async function readEnd(tx: Tx): Promise<TrailEnd> {
  const { rows } = await sql<TrailEnd>`
    select case when head.seq is null then null
        else jsonb_build_object('seq', head.seq, 'hash', head.hash, 'signed', head.signed, 'generation', head.generation) end as head,
      (select coalesce(max(seq), 0) from audit_events) as "lastSeq",
      (select coalesce(max(seq), 0) from audit_checkpoints) as "lastCheckpoint"
    from (select) as always left join audit_head as head on true`.execute(tx)
  return rows[0]!
}

export interface StampedEvent extends LinkedEvent {
  readonly stamp: string
}

/** In order, from behind `after` to `last`. */
export async function readEvents(
  tx: Tx,
  { after, last, limit }: { readonly after: number; readonly last: number; readonly limit: number },
): Promise<StampedEvent[]> {
  const rows = await tx
    .selectFrom('audit_events')
    .selectAll()
    // A change below the millisecond is a change too, and JavaScript would not see it.
    .select(sql<string>`to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as('exactly'))
    .where('seq', '>', after)
    .where('seq', '<=', last)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    event: { ...eventOf(row), at: row.exactly.replace(/000Z$/, 'Z') },
    previousHash: row.previous_hash,
    hash: row.hash,
    stamp: row.stamp,
  }))
}

export function eventOf(
  row: Omit<AuditEventRow, 'before' | 'after' | 'facts'> & Readonly<Record<'before' | 'after' | 'facts', unknown>>,
): AuditEvent {
  return {
    seq: row.seq,
    id: row.id,
    tenantId: row.tenant_id,
    at: row.at.toISOString(),
    actorKind: row.actor_kind,
    actorId: row.actor_id,
    actorName: row.actor_name,
    address: row.address,
    requestId: row.request_id,
    action: row.action,
    outcome: row.outcome,
    subjectKind: row.subject_kind,
    subjectId: row.subject_id,
    subjectName: row.subject_name,
    reason: row.reason,
    before: row.before,
    after: row.after,
    facts: row.facts as AuditEvent['facts'],
  }
}

/** In order, of events behind `after` up to `last`, which are at most a batch. */
export async function readCheckpointRows(
  tx: Tx,
  { installation, after, last }: { readonly installation: string; readonly after: number; readonly last: number },
): Promise<SignedCheckpoint[]> {
  const rows = await tx
    .selectFrom('audit_checkpoints')
    .selectAll()
    .where('seq', '>', after)
    .where('seq', '<=', last)
    .orderBy('seq')
    .limit(limits.auditBatchEvents)
    .execute()
  return rows.map(({ seq, hash, at, public_key: publicKey, signature: value }) => ({
    kind: 'audit-checkpoint',
    format: 1,
    installation,
    seq,
    hash,
    at: at.toISOString(),
    signature: { algorithm: 'ed25519', publicKey, value },
  }))
}

export async function newestCheckpoint(tx: Tx, installation: string): Promise<SignedCheckpoint | undefined> {
  const last = await lastCheckpoint(tx)
  return last && (await readCheckpointRows(tx, { installation, after: last.seq - 1, last: last.seq }))[0]
}

export async function lastCheckpoint(tx: Tx): Promise<{ readonly seq: number; readonly at: Date } | undefined> {
  return await tx.selectFrom('audit_checkpoints').select(['seq', 'at']).orderBy('seq', 'desc').limit(1).executeTakeFirst()
}

/** Waits for whoever appends, and keeps the next one waiting: for the moment of a signature. */
export async function lockEnd(tx: Tx): Promise<{ seq: number; hash: string; generation: number; isHandingOver: boolean }> {
  return await tx
    .selectFrom('audit_head')
    .select(['seq', 'hash', 'generation', 'is_handing_over as isHandingOver'])
    .forUpdate()
    .executeTakeFirstOrThrow()
}

export async function insertCheckpoint(tx: Tx, { seq, hash, at, signature }: SignedCheckpoint): Promise<void> {
  await tx
    .insertInto('audit_checkpoints')
    .values({ seq, hash, at: new Date(at), public_key: signature.publicKey, signature: signature.value })
    .execute()
}

/** The key that the installation signs with from the next event on. */
export async function setGeneration(tx: Tx, generation: number): Promise<void> {
  await tx.updateTable('audit_head').set({ generation, is_handing_over: true }).execute()
}

export async function setHandedOver(tx: Tx): Promise<void> {
  await tx.updateTable('audit_head').set({ is_handing_over: false }).execute()
}

/** The first and the last event written in that time, both included; undefined when there is none. */
export async function seqsBetween(
  tx: Tx,
  { from, to, last }: { readonly from?: Date | undefined; readonly to?: Date | undefined; readonly last: number },
): Promise<{ readonly first: number; readonly last: number } | undefined> {
  const row = await tx
    .selectFrom('audit_events')
    .select(({ fn }) => [fn.min('seq').as('first'), fn.max('seq').as('last')])
    .where('seq', '<=', last)
    .$if(from !== undefined, (query) => query.where('at', '>=', from!))
    .$if(to !== undefined, (query) => query.where('at', '<=', to!))
    .executeTakeFirstOrThrow()
  return row.first === null ? undefined : row
}

export async function checkpointAtOrAfter(tx: Tx, seq: number): Promise<number | undefined> {
  const row = await tx.selectFrom('audit_checkpoints').select('seq').where('seq', '>=', seq).orderBy('seq').limit(1).executeTakeFirst()
  return row?.seq
}

export async function hashOfSeq(tx: Tx, seq: number): Promise<string | undefined> {
  return (await tx.selectFrom('audit_events').select('hash').where('seq', '=', seq).executeTakeFirst())?.hash
}
