import type { Tx } from '#service/catalog/scope.ts'

export interface NewPasswordLink {
  readonly userId: string
  readonly tokenHash: Buffer
  readonly at: Date
  readonly expiresAt: Date
}

/** The only one of that account from now on. */
export async function replacePasswordLink(tx: Tx, { userId, tokenHash, at, expiresAt }: NewPasswordLink): Promise<void> {
  await tx.deleteFrom('password_links').where('user_id', '=', userId).where('used_at', 'is', null).execute()
  await tx
    .insertInto('password_links')
    .values({ token_hash: tokenHash, user_id: userId, created_at: at, expires_at: expiresAt, used_at: null })
    .execute()
}

export async function findPasswordLink(tx: Tx, tokenHash: Buffer, now: Date): Promise<{ readonly userId: string } | undefined> {
  return await tx
    .selectFrom('password_links')
    .select('user_id as userId')
    .where('token_hash', '=', tokenHash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
}

/** True for one alone of any number at once. */
export async function usePasswordLinkOnce(tx: Tx, tokenHash: Buffer, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('password_links')
    .set({ used_at: now })
    .where('token_hash', '=', tokenHash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
