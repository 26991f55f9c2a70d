import type { Tx } from '#service/catalog/scope.ts'
import type { StoredRepository } from '#service/repositories/repositories.store.ts'

/** By restic's own id of it. */
export async function registeredAs(tx: Tx, repositoryId: string): Promise<StoredRepository | undefined> {
  return await tx
    .selectFrom('repositories')
    .selectAll()
    .where('repository_id', '=', repositoryId)
    .where('retired_at', 'is', null)
    .executeTakeFirst()
}
