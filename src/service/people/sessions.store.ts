import type { Tx } from '#service/catalog/scope.ts'

export interface NewSession {
  readonly id: string
  readonly userId: string
  readonly tokenHash: Buffer
  readonly at: Date
  readonly idleUntil: Date
  readonly expiresAt: Date
  readonly address: string
  readonly userAgent: string
  /** Good for the second step alone. */
  readonly isPending: boolean
}

export async function insertSession(tx: Tx, session: NewSession): Promise<void> {
  await tx
    .insertInto('sessions')
    .values({
      id: session.id,
      user_id: session.userId,
      token_hash: session.tokenHash,
      created_at: session.at,
      used_at: session.at,
      idle_until: session.idleUntil,
      expires_at: session.expiresAt,
      address: session.address,
      user_agent: session.userAgent,
      is_pending: session.isPending,
    })
    .execute()
}

/** Whose first step it was, while the second may still come. */
export async function findPendingSession(
  tx: Tx,
  tokenHash: Buffer,
  now: Date,
): Promise<{ readonly id: string; readonly userId: string } | undefined> {
  return await tx
    .selectFrom('sessions')
    .select(['id', 'user_id as userId'])
    .where('token_hash', '=', tokenHash)
    .where('is_pending', '=', true)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
}

/** True for whoever ended it; false when it had ended already. */
export async function endSession(tx: Tx, id: string, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('sessions')
    .set({ ended_at: at })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Of that person, but for one if it is named. Returns how many. */
export async function endSessionsOf(
  tx: Tx,
  userId: string,
  { at, except }: { readonly at: Date; readonly except?: string },
): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('sessions')
    .set({ ended_at: at })
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .$if(except !== undefined, (query) => query.where('id', '!=', except!))
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

export async function sessionEnds(tx: Tx, id: string): Promise<{ readonly idleUntil: Date; readonly expiresAt: Date } | undefined> {
  return await tx
    .selectFrom('sessions')
    .select(['idle_until as idleUntil', 'expires_at as expiresAt'])
    .where('id', '=', id)
    .executeTakeFirst()
}
