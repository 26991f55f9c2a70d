import { sql } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'

export interface PrunableRepository {
  readonly id: string
  readonly tenant_id: string
  readonly name: string
}

/**
 * Those from which something was removed since `removedSince`, that nobody prunes now or has begun to since `before`; each is
 * held until the transaction ends, and passed over by others.
 */
export async function lockDuePrunes(
  tx: Tx,
  { before, removedSince }: { readonly before: Date; readonly removedSince: Date },
): Promise<PrunableRepository[]> {
  const { rows } = await sql<PrunableRepository>`
    select id, tenant_id, name from repositories as repository
    where retired_at is null
      and exists (select from backups where repository_id = repository.id and removed_at > ${removedSince})
      and not exists (select from runs where repository_id = repository.id and kind = 'prune'
        and (status in ('pending', 'in_progress') or created_at > ${before}))
    order by id for no key update skip locked`.execute(tx)
  return rows
}
