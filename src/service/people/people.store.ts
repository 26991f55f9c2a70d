import { sql } from 'kysely'
import type { Role } from '#contract/permissions.ts'
import type { Scope, Tx } from '#service/catalog/scope.ts'

/**
 * Whom a caller may see: everybody, or those with a role in one of the tenants. The one place that decides it, since an account
 * belongs to no tenant and the server's row security does not keep it apart.
 */
function visiblePeople(tx: Tx, scope: Scope) {
  return tx
    .selectFrom('users')
    .$if(scope.kind === 'tenants', (query) =>
      query.where((eb) =>
        eb.exists(
          eb
            .selectFrom('role_grants')
            .select('role_grants.id')
            .whereRef('role_grants.user_id', '=', eb.ref('users.id'))
            .where('role_grants.tenant_id', 'in', tenantsOf(scope)),
        ),
      ),
    )
}

/** For `in`: none is no list. */
function tenantsOf(scope: Scope): readonly (string | null)[] {
  return scope.kind === 'tenants' && scope.ids.length > 0 ? scope.ids : [null]
}

export interface PersonGrant {
  readonly id: string
  readonly role: Role
  readonly tenantId: string | null
}

export interface PersonRow {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly email: string | null
  readonly hasPassword: boolean
  readonly mustChangePassword: boolean
  readonly isTotpEnrolled: boolean
  readonly lockedUntil: Date | null
  readonly createdAt: Date
  readonly lastSignInAt: Date | null
  readonly retiredAt: Date | null
  /** All of them, also those that a caller may not see. */
  readonly grants: readonly PersonGrant[]
}

export interface PeopleWanted {
  /** A pattern of LIKE. */
  readonly search: string | undefined
  readonly withRetired: boolean
  readonly limit: number
  readonly offset: number
}

export async function listPeople(
  tx: Tx,
  scope: Scope,
  { search, withRetired, limit, offset }: PeopleWanted,
): Promise<{ readonly rows: readonly PersonRow[]; readonly total: number }> {
  const wanted = visiblePeople(tx, scope)
    .$if(!withRetired, (query) => query.where('retired_at', 'is', null))
    .$if(search !== undefined, (query) =>
      query.where((eb) => eb.or([eb('name', 'ilike', search!), eb('title', 'ilike', search!), eb('email', 'ilike', search!)])),
    )
  const { total } = await wanted.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const found = await wanted
    .select('id')
    .orderBy(sql`lower(name)`)
    .limit(limit)
    .offset(offset)
    .execute()
  return {
    rows: await readPeople(
      tx,
      found.map(({ id }) => id),
    ),
    total,
  }
}

export async function findPerson(tx: Tx, scope: Scope, id: string): Promise<PersonRow | undefined> {
  const found = await visiblePeople(tx, scope).select('id').where('id', '=', id).executeTakeFirst()
  return found && (await readPeople(tx, [found.id]))[0]
}

/** The same, and nobody else changes the account or its roles until the end of the transaction. */
export async function lockPerson(tx: Tx, scope: Scope, id: string): Promise<PersonRow | undefined> {
  await tx.selectFrom('users').select('id').where('id', '=', id).forUpdate().executeTakeFirst()
  return await findPerson(tx, scope, id)
}

async function readPeople(tx: Tx, ids: readonly string[]): Promise<readonly PersonRow[]> {
  if (ids.length === 0) return []
  const rows = await tx
    .selectFrom('users')
    .select((eb) => [
      'id',
      'name',
      'title',
      'email',
      'must_change_password as mustChangePassword',
      'locked_until as lockedUntil',
      'created_at as createdAt',
      'retired_at as retiredAt',
      sql<boolean>`password_hash is not null`.as('hasPassword'),
      sql<boolean>`totp_secret_sealed is not null`.as('isTotpEnrolled'),
      eb
        .selectFrom('sessions')
        .select(({ fn }) => fn.max('sessions.created_at').as('at'))
        .whereRef('sessions.user_id', '=', eb.ref('users.id'))
        .where('sessions.is_pending', '=', false)
        .as('lastSignInAt'),
    ])
    .where('id', 'in', [...ids])
    .orderBy(sql`lower(name)`)
    .execute()
  const grants = await tx
    .selectFrom('role_grants')
    .select(['id', 'user_id as userId', 'role', 'tenant_id as tenantId'])
    .where('user_id', 'in', [...ids])
    .orderBy('created_at')
    .orderBy('role')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    ...row,
    grants: grants.filter(({ userId }) => userId === row.id).map(({ id, role, tenantId }) => ({ id, role, tenantId })),
  }))
}

export async function editPerson(tx: Tx, id: string, changes: { readonly title?: string; readonly email?: string | null }): Promise<void> {
  if (Object.keys(changes).length > 0) await tx.updateTable('users').set(changes).where('id', '=', id).execute()
}

export async function retirePerson(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.updateTable('users').set({ retired_at: at }).where('id', '=', id).execute()
}

export async function deleteGrant(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('role_grants').where('id', '=', id).execute()
}

/** How many administrators of the whole installation there are. Until the end of the transaction nobody else makes them fewer. */
export async function lockedAdministrators(tx: Tx): Promise<number> {
  await sql`select pg_advisory_xact_lock(8440002)`.execute(tx)
  const { count } = await tx
    .selectFrom('role_grants')
    .innerJoin('users', 'users.id', 'role_grants.user_id')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('role', '=', 'SYSTEM_ADMIN')
    .where('tenant_id', 'is', null)
    .where('users.retired_at', 'is', null)
    .executeTakeFirstOrThrow()
  return count
}
