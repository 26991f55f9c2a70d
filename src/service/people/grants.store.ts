import type { Role } from '#contract/permissions.ts'
import type { Tx } from '#service/catalog/scope.ts'

export interface NewGrant {
  readonly id: string
  readonly userId: string
  readonly role: Role
  /** Null: in the whole installation. */
  readonly tenantId: string | null
  readonly at: Date
}

/** False when they have it already. */
export async function insertGrant(tx: Tx, { id, userId, role, tenantId, at }: NewGrant): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('role_grants')
    .values({ id, user_id: userId, role, tenant_id: tenantId, created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}
