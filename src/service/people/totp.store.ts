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
