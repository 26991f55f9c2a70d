import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'
import type { DrillPolicyRow } from './drill-tables.ts'

export type StoredDrillPolicy = Selectable<DrillPolicyRow>
export type DuePolicy = StoredDrillPolicy & { readonly system_name: string }

export async function findDrillPolicy(tx: Tx, systemId: string): Promise<StoredDrillPolicy | undefined> {
  return await tx.selectFrom('drill_policies').selectAll().where('system_id', '=', systemId).executeTakeFirst()
}

export async function saveDrillPolicy(tx: Tx, policy: Insertable<DrillPolicyRow>): Promise<StoredDrillPolicy> {
  const { system_id: _, tenant_id: _tenant, created_at: _created, ...change } = policy
  return await tx
    .insertInto('drill_policies')
    .values(policy)
    .onConflict((conflict) => conflict.column('system_id').doUpdateSet(change))
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function updateDrillPolicy(tx: Tx, systemId: string, change: Updateable<DrillPolicyRow>): Promise<void> {
  await tx.updateTable('drill_policies').set(change).where('system_id', '=', systemId).execute()
}

/** Of systems that are there, each held until the transaction ends, and passed over by others. */
export async function lockActivePolicies(tx: Tx): Promise<DuePolicy[]> {
  return await tx
    .selectFrom('drill_policies')
    .innerJoin('systems', 'systems.id', 'drill_policies.system_id')
    .selectAll('drill_policies')
    .select('systems.name as system_name')
    .where('drill_policies.is_active', '=', true)
    .where('systems.retired_at', 'is', null)
    .orderBy('drill_policies.system_id')
    .forUpdate('drill_policies')
    .skipLocked()
    .execute()
}
