import type { Scope, Tx } from '#service/catalog/scope.ts'

export interface Tenant {
  readonly id: string
  readonly name: string
  readonly title: string
}

export async function insertTenant(tx: Tx, { id, name, title, at }: Tenant & { readonly at: Date }): Promise<void> {
  await tx.insertInto('tenants').values({ id, name, title, created_at: at, retired_at: null }).execute()
}

/** Those in the scope that were not retired, by name. */
export async function tenantsIn(tx: Tx, scope: Scope): Promise<readonly Tenant[]> {
  if (scope.kind === 'tenants' && scope.ids.length === 0) return []
  return await tx
    .selectFrom('tenants')
    .select(['id', 'name', 'title'])
    .where('retired_at', 'is', null)
    .$if(scope.kind === 'tenants', (query) => query.where('id', 'in', scope.kind === 'tenants' ? [...scope.ids] : []))
    .orderBy('name')
    .execute()
}
