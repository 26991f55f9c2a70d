import type { Tx } from '#service/catalog/scope.ts'

/** Ids of those that are not retired, among `ids` or in all. */
export async function openTenants(tx: Tx, ids: readonly string[] | undefined): Promise<string[]> {
  let query = tx.selectFrom('tenants').select('id').where('retired_at', 'is', null).orderBy('created_at')
  if (ids !== undefined) query = query.where('id', 'in', ids.length > 0 ? [...ids] : [null as unknown as string])
  return (await query.execute()).map(({ id }) => id)
}
