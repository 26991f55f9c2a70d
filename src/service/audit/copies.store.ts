import type { StoredRepository } from '#service/repositories/repositories.store.ts'
import type { Tx } from '#service/catalog/scope.ts'

/** Those in use, of the tenants in the transaction's scope. */
export async function activeRepositories(tx: Tx): Promise<StoredRepository[]> {
  return await tx.selectFrom('repositories').selectAll().where('retired_at', 'is', null).orderBy('name').orderBy('id').execute()
}
