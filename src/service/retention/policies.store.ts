import type { Insertable, Selectable } from 'kysely'
import { boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { RetentionPolicyRow } from './retention-tables.ts'

export type StoredPolicy = Selectable<RetentionPolicyRow>

export interface PolicyScope {
  readonly tenantId: string
  /** Null: of the organization. */
  readonly systemId: string | null
}

/** Its own. */
export async function findPolicy(tx: Tx, { tenantId, systemId }: PolicyScope): Promise<StoredPolicy | undefined> {
  return await tx
    .selectFrom('retention_policies')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('system_id', systemId === null ? 'is' : '=', systemId)
    .executeTakeFirst()
}

export async function replacePolicy(tx: Tx, row: Insertable<RetentionPolicyRow>): Promise<void> {
  await removePolicy(tx, { tenantId: row.tenant_id, systemId: row.system_id ?? null })
  await tx.insertInto('retention_policies').values(row).execute()
}

export async function removePolicy(tx: Tx, { tenantId, systemId }: PolicyScope): Promise<void> {
  await tx
    .deleteFrom('retention_policies')
    .where('tenant_id', '=', tenantId)
    .where('system_id', systemId === null ? 'is' : '=', systemId)
    .execute()
}

/** One at a time changes policies of a tenant or carries one out, until the transaction ends. */
export async function lockTenantPolicies(tx: Tx, tenantId: string): Promise<void> {
  await tx.selectFrom('tenants').select('id').where('id', '=', tenantId).forNoKeyUpdate().execute()
}

export async function tenantPolicies(tx: Tx): Promise<StoredPolicy[]> {
  return await tx.selectFrom('retention_policies').selectAll().where('system_id', 'is', null).orderBy('tenant_id').execute()
}

export interface SystemRetention {
  readonly id: string
  readonly tenant_id: string
  readonly name: string
  readonly evaluated_at: Date | null
  readonly waits: string | null
}

export async function systemsForRetention(
  tx: Tx,
  query: { readonly page: number; readonly pageSize: number; readonly systemId?: string | undefined },
): Promise<{ readonly rows: SystemRetention[]; readonly total: number }> {
  const { limit, offset } = boundsOf(query)
  const chosen = tx
    .selectFrom('systems')
    .leftJoin('retention_runs', 'retention_runs.system_id', 'systems.id')
    .$if(query.systemId !== undefined, (rows) => rows.where('systems.id', '=', query.systemId!))
  const { total } = await chosen.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await chosen
    .select(['systems.id', 'systems.tenant_id', 'systems.name', 'retention_runs.evaluated_at', 'retention_runs.waits'])
    .orderBy('systems.name')
    .orderBy('systems.id')
    .limit(limit)
    .offset(offset)
    .execute()
  return { rows, total }
}
