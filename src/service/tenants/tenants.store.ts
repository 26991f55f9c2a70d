import type { Scope, Tx } from '#service/catalog/scope.ts'

export interface Tenant {
  readonly id: string
  readonly name: string
  readonly title: string
}

export interface StoredTenant extends Tenant {
  readonly createdAt: Date
  readonly retiredAt: Date | null
}

export type NewTenant = Tenant & { readonly at: Date }

export async function insertTenant(tx: Tx, { id, name, title, at }: NewTenant): Promise<void> {
  await tx.insertInto('tenants').values({ id, name, title, created_at: at, retired_at: null }).execute()
}

function stored(tx: Tx) {
  return tx.selectFrom('tenants').select(['id', 'name', 'title', 'created_at as createdAt', 'retired_at as retiredAt'])
}

/** Those in the scope that were not retired, by name. */
export async function tenantsIn(tx: Tx, scope: Scope): Promise<readonly Tenant[]> {
  if (scope.kind === 'tenants' && scope.ids.length === 0) return []
  return await tx
    .selectFrom('tenants')
    .select(['id', 'name', 'title'])
    .where('retired_at', 'is', null)
    .$if(scope.kind === 'tenants', (query) => query.where('id', 'in', scope.kind === 'tenants' ? scope.ids : []))
    .orderBy('name')
    .execute()
}

export async function listTenants(
  tx: Tx,
  { withRetired, limit, offset }: { readonly withRetired: boolean; readonly limit: number; readonly offset: number },
): Promise<{ readonly rows: readonly StoredTenant[]; readonly total: number }> {
  const { total } = await tx
    .selectFrom('tenants')
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .$if(!withRetired, (query) => query.where('retired_at', 'is', null))
    .executeTakeFirstOrThrow()
  const rows = await stored(tx)
    .$if(!withRetired, (query) => query.where('retired_at', 'is', null))
    .orderBy('name')
    .limit(limit)
    .offset(offset)
    .execute()
  return { rows, total }
}

export async function findTenant(tx: Tx, id: string): Promise<StoredTenant | undefined> {
  return await stored(tx).where('id', '=', id).executeTakeFirst()
}

export async function findTenantByName(tx: Tx, name: string): Promise<string | undefined> {
  return (await tx.selectFrom('tenants').select('id').where('name', '=', name).executeTakeFirst())?.id
}

export async function lockTenant(tx: Tx, id: string): Promise<StoredTenant | undefined> {
  return await stored(tx).where('id', '=', id).forUpdate().executeTakeFirst()
}

export async function renameTenant(tx: Tx, id: string, title: string): Promise<void> {
  await tx.updateTable('tenants').set({ title }).where('id', '=', id).execute()
}

export async function retireTenant(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.updateTable('tenants').set({ retired_at: at }).where('id', '=', id).execute()
}

/** Names of its systems that were not retired. */
export async function systemsOf(tx: Tx, tenantId: string): Promise<readonly string[]> {
  const rows = await tx
    .selectFrom('systems')
    .select('name')
    .where('tenant_id', '=', tenantId)
    .where('retired_at', 'is', null)
    .orderBy('name')
    .execute()
  return rows.map(({ name }) => name)
}
