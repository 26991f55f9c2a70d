import type { Tx } from '#service/catalog/scope.ts'
import type { Grant, PersonCaller } from '#service/http/caller.ts'

export interface FoundCredential {
  readonly caller: PersonCaller
  readonly usedAt: Date | null
}

/** Neither ended, nor idle too long, nor too old, nor of an account that was retired, nor waiting for its second step. */
export async function findBySession(tx: Tx, tokenHash: Buffer, now: Date): Promise<FoundCredential | undefined> {
  const row = await tx
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select([
      'sessions.id as sessionId',
      'sessions.used_at as usedAt',
      'users.id',
      'users.name',
      'users.title',
      'users.must_change_password as mustChangePassword',
    ])
    .where('sessions.token_hash', '=', tokenHash)
    .where('sessions.ended_at', 'is', null)
    .where('sessions.is_pending', '=', false)
    .where('sessions.idle_until', '>', now)
    .where('sessions.expires_at', '>', now)
    .where('users.retired_at', 'is', null)
    .executeTakeFirst()
  if (!row) return undefined
  const { id, name, title, sessionId, usedAt, mustChangePassword } = row
  const grants = await grantsOf(tx, id)
  return { usedAt, caller: { kind: 'user', userId: id, name, title, credentialId: sessionId, grants, mustChangePassword } }
}

export async function findByKey(tx: Tx, tokenHash: Buffer, now: Date): Promise<FoundCredential | undefined> {
  const row = await tx
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .select(['api_keys.id as keyId', 'api_keys.used_at as usedAt', 'api_keys.permissions', 'users.id', 'users.name', 'users.title'])
    .where('api_keys.token_hash', '=', tokenHash)
    .where('api_keys.revoked_at', 'is', null)
    .where('api_keys.expires_at', '>', now)
    .where('users.retired_at', 'is', null)
    .executeTakeFirst()
  if (!row) return undefined
  const { id, name, title, keyId, usedAt, permissions } = row
  return { usedAt, caller: { kind: 'key', userId: id, name, title, credentialId: keyId, permissions, grants: await grantsOf(tx, id) } }
}

export async function grantsOf(tx: Tx, userId: string): Promise<readonly Grant[]> {
  return await tx
    .selectFrom('role_grants')
    .leftJoin('tenants', 'tenants.id', 'role_grants.tenant_id')
    .select(['role_grants.role', 'role_grants.tenant_id as tenantId'])
    .where('role_grants.user_id', '=', userId)
    .where('tenants.retired_at', 'is', null)
    .execute()
}

export async function touchSession(
  tx: Tx,
  id: string,
  { usedAt, idleMs }: { readonly usedAt: Date; readonly idleMs: number },
): Promise<void> {
  await tx
    .updateTable('sessions')
    .set({ used_at: usedAt, idle_until: new Date(usedAt.getTime() + idleMs) })
    .where('id', '=', id)
    .execute()
}

export async function touchKey(tx: Tx, id: string, usedAt: Date): Promise<void> {
  await tx.updateTable('api_keys').set({ used_at: usedAt }).where('id', '=', id).execute()
}
