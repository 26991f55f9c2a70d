import { sql } from 'kysely'
import type { StoredRepository } from '#service/repositories/repositories.store.ts'
import type { Tx } from '#service/catalog/scope.ts'

/** Those in use, of the tenants in the transaction's scope. */
export async function activeRepositories(tx: Tx): Promise<StoredRepository[]> {
  return await tx.selectFrom('repositories').selectAll().where('retired_at', 'is', null).orderBy('name').orderBy('id').execute()
}

/** Those without a copy of the newest checkpoint, which nobody writes now or has tried to write since `before`. */
export async function repositoriesWithoutCopy(tx: Tx, before: Date): Promise<Pick<StoredRepository, 'id' | 'tenant_id' | 'name'>[]> {
  const { rows } = await sql<Pick<StoredRepository, 'id' | 'tenant_id' | 'name'>>`
    select id, tenant_id, name from repositories as repository
    where retired_at is null
      and not exists (select from audit_copies where repository_id = repository.id and seq >= (select coalesce(max(seq), 0) from audit_checkpoints))
      and not exists (select from runs where repository_id = repository.id and kind = 'audit-copy'
        and (status in ('pending', 'in_progress') or created_at > ${before}))`.execute(tx)
  return rows
}

export async function noteCopy(
  tx: Tx,
  {
    repositoryId,
    seq,
    snapshot,
    at,
  }: { readonly repositoryId: string; readonly seq: number; readonly snapshot: string; readonly at: Date },
): Promise<void> {
  const copy = { seq, snapshot, at }
  await tx
    .insertInto('audit_copies')
    .values({ repository_id: repositoryId, ...copy })
    .onConflict((conflict) => conflict.column('repository_id').doUpdateSet(copy))
    .execute()
}
