import type { Tx } from '#service/catalog/scope.ts'

export async function lastTotpStep(tx: Tx, userId: string): Promise<number> {
  const row = await tx.selectFrom('users').select('totp_last_step').where('id', '=', userId).executeTakeFirstOrThrow()
  return row.totp_last_step
}

/** True for one alone of any number at once: the step and all before it are good for nothing from now on. */
export async function burnTotpStep(tx: Tx, userId: string, step: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set({ totp_last_step: step })
    .where('id', '=', userId)
    .where('totp_last_step', '<', step)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** True for one alone of any number at once. */
export async function useRecoveryCode(
  tx: Tx,
  userId: string,
  { codeHash, at }: { readonly codeHash: string; readonly at: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('recovery_codes')
    .set({ used_at: at })
    .where('user_id', '=', userId)
    .where('code_hash', '=', codeHash)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function recoveryCodesLeft(tx: Tx, userId: string): Promise<number> {
  const rows = await tx
    .selectFrom('recovery_codes')
    .select('code_hash')
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .execute()
  return rows.length
}

/** The old ones end. */
export async function replaceRecoveryCodes(tx: Tx, userId: string, codeHashes: readonly string[]): Promise<void> {
  await tx.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
  if (codeHashes.length === 0) return
  await tx
    .insertInto('recovery_codes')
    .values(codeHashes.map((hash) => ({ user_id: userId, code_hash: hash, used_at: null })))
    .execute()
}

export async function setPendingTotp(tx: Tx, userId: string, sealed: Buffer): Promise<void> {
  await tx.updateTable('users').set({ totp_pending_sealed: sealed }).where('id', '=', userId).execute()
}

export async function pendingTotp(tx: Tx, userId: string): Promise<Buffer | undefined> {
  const row = await tx.selectFrom('users').select('totp_pending_sealed').where('id', '=', userId).executeTakeFirst()
  return row?.totp_pending_sealed ?? undefined
}

/** True for one alone of any number at once; the code that proved it is burned. */
export async function confirmTotp(
  tx: Tx,
  userId: string,
  { sealed, step }: { readonly sealed: Buffer; readonly step: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set({ totp_secret_sealed: sealed, totp_pending_sealed: null, totp_last_step: step })
    .where('id', '=', userId)
    .where('totp_pending_sealed', '=', sealed)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function removeTotp(tx: Tx, userId: string): Promise<void> {
  await tx.updateTable('users').set({ totp_secret_sealed: null, totp_pending_sealed: null }).where('id', '=', userId).execute()
  await replaceRecoveryCodes(tx, userId, [])
}

export async function acceptedSigningPolicy(tx: Tx, userId: string): Promise<number | undefined> {
  return (await tx.selectFrom('signing_policies').select('version').where('user_id', '=', userId).executeTakeFirst())?.version
}

export interface AcceptedPolicy {
  readonly version: number
  readonly at: Date
  readonly address: string
}

export async function acceptSigningPolicy(tx: Tx, userId: string, { version, at, address }: AcceptedPolicy): Promise<void> {
  await tx
    .insertInto('signing_policies')
    .values({ user_id: userId, version, accepted_at: at, address })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ version, accepted_at: at, address }))
    .execute()
}
