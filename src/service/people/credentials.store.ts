import { sql, type Expression, type Kysely } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { Tx } from '#service/catalog/scope.ts'
import type { Tables } from '#service/catalog/tables.ts'
import type { Grant, PersonCaller } from '#service/http/caller.ts'
import { hashOfToken } from './token.ts'

export interface FoundCredential {
  readonly caller: PersonCaller
  readonly usedAt: Date | null
}

/** By token. */
export type FoundCredentials = ReadonlyMap<string, FoundCredential>

/** Neither ended, nor idle too long, nor too old, nor of an account that was retired, nor waiting for its second step. */
export async function findBySessions(catalog: Kysely<Tables>, tokens: readonly string[], now: Date): Promise<FoundCredentials> {
  const rows = await catalog
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select((select) => [
      jsonArrayFrom(grantsQuery(catalog, select.ref('users.id'))).as('grants'),
      'sessions.token_hash as tokenHash',
      'sessions.id as sessionId',
      'sessions.used_at as usedAt',
      'users.id',
      'users.name',
      'users.title',
      'users.must_change_password as mustChangePassword',
    ])
    .where('sessions.token_hash', 'in', tokens.map(hashOfToken))
    .where('sessions.ended_at', 'is', null)
    .where('sessions.is_pending', '=', false)
    .where('sessions.idle_until', '>', now)
    .where('sessions.expires_at', '>', now)
    .where('users.retired_at', 'is', null)
    .execute()
  return byToken(tokens, rows, ({ id, name, title, sessionId, usedAt, mustChangePassword, grants }) => ({
    usedAt,
    caller: { kind: 'user', userId: id, name, title, credentialId: sessionId, grants, mustChangePassword },
  }))
}

export async function findByKeys(catalog: Kysely<Tables>, tokens: readonly string[], now: Date): Promise<FoundCredentials> {
  const rows = await catalog
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .select((select) => [
      jsonArrayFrom(grantsQuery(catalog, select.ref('users.id'))).as('grants'),
      'api_keys.token_hash as tokenHash',
      'api_keys.id as keyId',
      'api_keys.used_at as usedAt',
      'api_keys.permissions',
      'users.id',
      'users.name',
      'users.title',
    ])
    .where('api_keys.token_hash', 'in', tokens.map(hashOfToken))
    .where('api_keys.revoked_at', 'is', null)
    .where('api_keys.expires_at', '>', now)
    .where('users.retired_at', 'is', null)
    .execute()
  return byToken(tokens, rows, ({ id, name, title, keyId, usedAt, permissions, grants }) => ({
    usedAt,
    caller: { kind: 'key', userId: id, name, title, credentialId: keyId, permissions, grants },
  }))
}

function byToken<Row extends { readonly tokenHash: Buffer }>(
  tokens: readonly string[],
  rows: readonly Row[],
  foundBy: (row: Row) => FoundCredential,
): FoundCredentials {
  const byHash = new Map(rows.map((row) => [row.tokenHash.toString('hex'), row]))
  const found = tokens.map((token) => [token, byHash.get(hashOfToken(token).toString('hex'))] as const)
  return new Map(found.flatMap(([token, row]) => (row ? [[token, foundBy(row)] as const] : [])))
}

export async function grantsOf(tx: Tx, userId: string): Promise<readonly Grant[]> {
  return await grantsQuery(tx, sql<string>`${userId}::uuid`).execute()
}

function grantsQuery(catalog: Kysely<Tables>, userId: Expression<string>) {
  return catalog
    .selectFrom('role_grants')
    .leftJoin('tenants', 'tenants.id', 'role_grants.tenant_id')
    .select(['role_grants.role', 'role_grants.tenant_id as tenantId'])
    .where('role_grants.user_id', '=', userId)
    .where('tenants.retired_at', 'is', null)
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
