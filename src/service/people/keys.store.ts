import type { Permission } from '#contract/permissions.ts'
import type { Key } from '#contract/keys.ts'
import type { Tx } from '#service/catalog/scope.ts'

export interface NewKey {
  readonly id: string
  readonly userId: string
  readonly name: string
  readonly tokenHash: Buffer
  readonly permissions: readonly Permission[]
  readonly at: Date
  readonly expiresAt: Date
}

export async function insertKey(tx: Tx, key: NewKey): Promise<void> {
  await tx
    .insertInto('api_keys')
    .values({
      id: key.id,
      user_id: key.userId,
      name: key.name,
      token_hash: key.tokenHash,
      permissions: [...key.permissions],
      created_at: key.at,
      expires_at: key.expiresAt,
    })
    .execute()
}

export async function keysOf(tx: Tx, userId: string): Promise<Key[]> {
  const rows = await tx.selectFrom('api_keys').selectAll().where('user_id', '=', userId).orderBy('created_at', 'desc').execute()
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    permissions: row.permissions as Permission[],
    createdAt: row.created_at.toISOString(),
    usedAt: row.used_at?.toISOString() ?? null,
    expiresAt: row.expires_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }))
}

/** Its name, or undefined when that person has no such key that still counts. */
export async function revokeKey(
  tx: Tx,
  { id, userId, at }: { readonly id: string; readonly userId: string; readonly at: Date },
): Promise<string | undefined> {
  const row = await tx
    .updateTable('api_keys')
    .set({ revoked_at: at })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .returning('name')
    .executeTakeFirst()
  return row?.name
}

export async function revokeKeysOf(tx: Tx, userId: string, at: Date): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('api_keys')
    .set({ revoked_at: at })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}
