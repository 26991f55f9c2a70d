import { sql, type Insertable, type Selectable } from 'kysely'
import type { z } from 'zod'
import type { holds } from '#contract/holds.ts'
import { boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { BackupRow } from '#service/catalog/tables.ts'
import type { Hold } from './hold.ts'
import type { LegalHoldRow } from './hold-tables.ts'

export type StoredHold = Selectable<LegalHoldRow>

/** As `covers` of hold.ts says it, for the server. */
const isCovered = sql<boolean>`h.released_at is null and h.tenant_id = b.tenant_id and b.removed_at is null and b.snapshot is not null
  and case when h.backup_id is not null then h.backup_id = b.id
    else (h.system_name is null or h.system_name = b.system_name) and (h.from_at is null or b.created_at >= h.from_at)
      and (h.to_at is null or b.created_at < h.to_at) end`

export async function insertHold(tx: Tx, hold: Insertable<LegalHoldRow>): Promise<void> {
  await tx.insertInto('legal_holds').values(hold).execute()
}

/** Held until the transaction ends. */
export async function lockHold(tx: Tx, id: string): Promise<StoredHold | undefined> {
  return await tx.selectFrom('legal_holds').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

export async function findHold(tx: Tx, id: string): Promise<StoredHold | undefined> {
  return await tx.selectFrom('legal_holds').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function markReleased(
  tx: Tx,
  id: string,
  change: Pick<StoredHold, 'released_at' | 'released_by' | 'release_reason' | 'signature_id'>,
): Promise<StoredHold> {
  return await tx.updateTable('legal_holds').set(change).where('id', '=', id).returningAll().executeTakeFirstOrThrow()
}

export async function listHoldRows(
  tx: Tx,
  query: z.output<(typeof holds.list)['query']>,
): Promise<{ readonly rows: StoredHold[]; readonly total: number }> {
  const { limit, offset } = boundsOf(query)
  const { state } = query
  const chosen = tx
    .selectFrom('legal_holds')
    .$if(state !== 'all', (rows) => rows.where('released_at', state === 'active' ? 'is' : 'is not', null))
  const { total } = await chosen.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await chosen.selectAll().orderBy('placed_at', 'desc').orderBy('id').limit(limit).offset(offset).execute()
  return { rows, total }
}

/** How many backups each of them keeps. */
export async function countHeld(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ id: string; held: number }>`
    select h.id, count(*) as held from legal_holds h join backups b on ${isCovered} where h.id = any (${[...ids]}::uuid[]) group by h.id`.execute(
    tx,
  )
  return new Map(rows.map(({ id, held }) => [id, held]))
}

export async function namesOfBackups(tx: Tx, holds: readonly Pick<StoredHold, 'backup_id'>[]): Promise<ReadonlyMap<string, string>> {
  const ids = holds.flatMap(({ backup_id }) => (backup_id === null ? [] : [backup_id]))
  if (ids.length === 0) return new Map()
  const rows = await tx.selectFrom('backups').select(['id', 'name']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}

/** How many holds keep each of these backups; one that none keeps is not in it. */
export async function countHolds(tx: Tx, backupIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ id: string; holds: number }>`
    select b.id, count(*) as holds from backups b join legal_holds h on ${isCovered} where b.id = any (${[...backupIds]}::uuid[]) group by b.id`.execute(
    tx,
  )
  return new Map(rows.map(({ id, holds: count }) => [id, count]))
}

export interface HeldBackup {
  readonly id: string
  readonly name: string
  readonly system_name: string
  readonly created_at: Date
  readonly holds: readonly { readonly id: string; readonly reason: string; readonly reference: string }[]
}

export async function listHeld(
  tx: Tx,
  query: z.output<(typeof holds.held)['query']>,
): Promise<{ readonly rows: HeldBackup[]; readonly total: number }> {
  const { limit, offset } = boundsOf(query)
  const { holdId = null, backupId = null } = query
  const { rows } = await sql<HeldBackup & { total: number }>`
    select b.id, b.name, b.system_name, b.created_at, count(*) over () as total,
      jsonb_agg(jsonb_build_object('id', h.id, 'reason', h.reason, 'reference', h.reference) order by h.placed_at, h.id) as holds
    from legal_holds h join backups b on ${isCovered}
    where (${backupId}::uuid is null or b.id = ${backupId}::uuid)
    group by b.id having ${holdId}::uuid is null or bool_or(h.id = ${holdId}::uuid)
    order by b.created_at desc, b.id limit ${limit} offset ${offset}`.execute(tx)
  return { rows, total: rows[0]?.total ?? 0 }
}

/** Those of a tenant that nobody has released. */
export async function activeHolds(tx: Tx, tenantId: string): Promise<Hold[]> {
  const rows = await tx.selectFrom('legal_holds').selectAll().where('tenant_id', '=', tenantId).where('released_at', 'is', null).execute()
  return rows.map((row) => ({
    id: row.id,
    backupId: row.backup_id,
    systemName: row.system_name,
    from: row.from_at,
    to: row.to_at,
    reference: row.reference,
  }))
}

export type HoldCandidate = Pick<
  Selectable<BackupRow>,
  'id' | 'name' | 'tenant_id' | 'system_name' | 'created_at' | 'deleted_at' | 'removed_at' | 'removal_run_id'
>

const candidateColumns = ['id', 'name', 'tenant_id', 'system_name', 'created_at', 'deleted_at', 'removed_at', 'removal_run_id'] as const

/** Held until the transaction ends: nobody deletes or removes them meanwhile. */
export async function lockCandidate(tx: Tx, id: string): Promise<HoldCandidate | undefined> {
  return await tx.selectFrom('backups').select(candidateColumns).where('id', '=', id).forUpdate().executeTakeFirst()
}

/** The same for all of a tenant that are deleted or could be. */
export async function lockCandidates(tx: Tx, tenantId: string): Promise<HoldCandidate[]> {
  return await tx
    .selectFrom('backups')
    .select(candidateColumns)
    .where('tenant_id', '=', tenantId)
    .where('removed_at', 'is', null)
    .where('snapshot', 'is not', null)
    .orderBy('id')
    .forUpdate()
    .execute()
}

export async function isBeingRemoved(tx: Tx, runId: string): Promise<boolean> {
  const run = await tx.selectFrom('runs').select('status').where('id', '=', runId).executeTakeFirst()
  return run?.status === 'in_progress'
}

/** Takes a deletion back. */
export async function undeleteHeld(tx: Tx, id: string): Promise<void> {
  await tx
    .updateTable('backups')
    .set({
      deleted_at: null,
      deleted_by: null,
      delete_reason: null,
      deleted_under: null,
      removal_due_at: null,
      removal_run_id: null,
      removal_fault: null,
    })
    .where('id', '=', id)
    .execute()
}
