import type { QueryOf } from '#contract/endpoint.ts'
import type { audit } from '#contract/audit.ts'
import { anywhere, boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { LinkedEvent } from './audit-event.ts'
import { eventOf } from './trail.store.ts'

export async function listEvents(tx: Tx, query: QueryOf<typeof audit.list>): Promise<{ rows: LinkedEvent['event'][]; total: number }> {
  const { actorId, action, outcome, actorKind, subjectKind, subjectId, tenantId, from, to, search } = query
  let chosen = tx.selectFrom('audit_events')
  if (actorId !== undefined) chosen = chosen.where('actor_id', '=', actorId)
  if (actorKind !== undefined) chosen = chosen.where('actor_kind', '=', actorKind)
  if (action?.endsWith('.')) chosen = chosen.where('action', 'like', anywhere(action).slice(1))
  else if (action !== undefined) chosen = chosen.where('action', '=', action)
  if (outcome !== undefined) chosen = chosen.where('outcome', '=', outcome)
  if (subjectKind !== undefined) chosen = chosen.where('subject_kind', '=', subjectKind)
  if (subjectId !== undefined) chosen = chosen.where('subject_id', '=', subjectId)
  if (tenantId !== undefined) chosen = chosen.where('tenant_id', '=', tenantId)
  if (from !== undefined) chosen = chosen.where('at', '>=', new Date(from))
  if (to !== undefined) chosen = chosen.where('at', '<=', new Date(to))
  if (search !== undefined)
    chosen = chosen.where((where) =>
      where.or(
        (['action', 'actor_name', 'subject_name', 'subject_id', 'reason'] as const).map((name) =>
          where.eb(name, 'ilike', anywhere(search)),
        ),
      ),
    )
  const { limit, offset } = boundsOf(query)
  const { total } = await chosen.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await chosen.selectAll().orderBy('seq', 'desc').limit(limit).offset(offset).execute()
  return { rows: rows.map(eventOf), total }
}

export async function findEvent(tx: Tx, id: string): Promise<LinkedEvent | undefined> {
  const row = await tx.selectFrom('audit_events').selectAll().where('id', '=', id).executeTakeFirst()
  return row && { event: eventOf(row), previousHash: row.previous_hash, hash: row.hash }
}

export interface CheckpointRow {
  readonly seq: number
  readonly hash: string
  readonly at: Date
  readonly publicKey: string
}

export async function listCheckpoints(tx: Tx, query: QueryOf<typeof audit.checkpoints>): Promise<{ rows: CheckpointRow[]; total: number }> {
  const { limit, offset } = boundsOf(query)
  const { total } = await tx
    .selectFrom('audit_checkpoints')
    .select((select) => select.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  const rows = await tx
    .selectFrom('audit_checkpoints')
    .select(['seq', 'hash', 'at', 'public_key as publicKey'])
    .orderBy('seq', 'desc')
    .limit(limit)
    .offset(offset)
    .execute()
  return { rows, total }
}
