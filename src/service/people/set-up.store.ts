import { sql } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'

/** Somebody can sign in, so nobody makes the first any more. Accounts out of a copy of the catalog cannot, until they are let in. */
export async function isSetUp(tx: Tx): Promise<boolean> {
  const { rows } = await sql`select from users where ${canSignIn} limit 1`.execute(tx)
  return rows.length > 0
}

const canSignIn = sql`(password_hash is not null or oidc_subject is not null)`

/** The only one that is good from now on. */
export async function replaceSetUpToken(
  tx: Tx,
  tokenHash: Buffer,
  { at, expiresAt }: { readonly at: Date; readonly expiresAt: Date },
): Promise<void> {
  await tx.deleteFrom('setup_tokens').where('used_at', 'is', null).execute()
  await tx.insertInto('setup_tokens').values({ token_hash: tokenHash, created_at: at, expires_at: expiresAt, used_at: null }).execute()
}

export async function isSetUpToken(tx: Tx, tokenHash: Buffer, now: Date): Promise<boolean> {
  const row = await tx
    .selectFrom('setup_tokens')
    .select('created_at')
    .where('token_hash', '=', tokenHash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return row !== undefined
}

/** True for one alone of any number at once: the others wait for it here. */
export async function useSetUpToken(tx: Tx, tokenHash: Buffer, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('setup_tokens')
    .set({ used_at: now })
    .where('token_hash', '=', tokenHash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .where(sql<boolean>`not exists (select from users where ${canSignIn})`)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
