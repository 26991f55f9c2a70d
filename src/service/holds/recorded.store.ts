import { sql, type Insertable } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'
import type { LegalHoldRow } from './hold-tables.ts'
import type { StoredHold } from './holds.store.ts'

export interface UnrecordedRepository {
  readonly id: string
  readonly tenant_id: string
  readonly name: string
}

/**
 * Those of tenants in which a hold was placed or released since a job wrote records into it, or shortly before: it may not have seen
 * it yet. None in which a job is at it, or failed since `before`.
 */
export async function lockUnrecorded(tx: Tx, before: Date): Promise<UnrecordedRepository[]> {
  const { rows } = await sql<UnrecordedRepository>`
    select id, tenant_id, name from repositories as repository
    where retired_at is null
      and exists (select from legal_holds as hold where hold.tenant_id = repository.tenant_id
        and greatest(hold.placed_at, hold.released_at) >= coalesce(
          (select max(created_at) - interval '1 minute' from runs where repository_id = repository.id and kind = 'hold-records' and status = 'completed'), '-infinity'))
      and not exists (select from runs where repository_id = repository.id and kind = 'hold-records'
        and (status in ('pending', 'in_progress') or (status <> 'completed' and created_at > ${before})))
    order by id for no key update skip locked`.execute(tx)
  return rows
}

/** What a repository has to know: holds on systems and times, and those on backups that lie in it. */
export async function holdsFor(tx: Tx, { id, tenant_id }: Pick<UnrecordedRepository, 'id' | 'tenant_id'>): Promise<StoredHold[]> {
  return await tx
    .selectFrom('legal_holds')
    .selectAll('legal_holds')
    .leftJoin('backups', 'backups.id', 'legal_holds.backup_id')
    .where('legal_holds.tenant_id', '=', tenant_id)
    .where((where) => where.or([where('legal_holds.backup_id', 'is', null), where('backups.repository_id', '=', id)]))
    .orderBy('legal_holds.placed_at')
    .execute()
}

/** False when it is known already, or what it is on is not. */
export async function enterHold(tx: Tx, hold: Insertable<LegalHoldRow>): Promise<boolean> {
  if (hold.backup_id && !(await tx.selectFrom('backups').select('id').where('id', '=', hold.backup_id).executeTakeFirst())) return false
  const done = await tx
    .insertInto('legal_holds')
    .values(hold)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

export async function systemIdNamed(tx: Tx, tenantId: string, name: string): Promise<string | null> {
  const row = await tx.selectFrom('systems').select('id').where('tenant_id', '=', tenantId).where('name', '=', name).executeTakeFirst()
  return row?.id ?? null
}
