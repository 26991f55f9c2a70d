import { installationPermissions, mayRole, type Permission, type Role } from '#contract/permissions.ts'
import { everything, type Scope } from '#service/catalog/scope.ts'

export interface Grant {
  readonly role: Role
  /** Null: in the whole installation. */
  readonly tenantId: string | null
}

/** Who asks, as the gate found out. */
export type Caller = PersonCaller | { readonly kind: 'nobody'; readonly name: 'nobody' }

export interface PersonCaller {
  /** By a session of their own, or by a key that acts for them. */
  readonly kind: 'user' | 'key'
  readonly userId: string
  readonly name: string
  readonly title: string
  readonly grants: readonly Grant[]
  /** Of the session or of the key. */
  readonly credentialId: string
  /** What a key is confined to. */
  readonly permissions?: readonly string[]
  /** Nothing is open but what lets them set a password of their own. */
  readonly mustChangePassword?: boolean
}

export const nobody: Caller = { kind: 'nobody', name: 'nobody' }

/** Who is who: the people slice knows. Undefined for whoever is not signed in, and for a credential that is no longer good. */
export type Authenticate = (given: {
  readonly session?: string | undefined
  readonly bearer?: string | undefined
  /** Is not counted as use: a page that is open is nobody at work. */
  readonly isLookOnly?: boolean
}) => Promise<PersonCaller | undefined>

/** In whose rows a caller has a permission: in all, in those of some tenants, or (undefined) in none. */
export function scopeOf(caller: PersonCaller, permission: Permission): Scope | undefined {
  if (caller.permissions !== undefined && !caller.permissions.includes(permission)) return undefined
  const fitting = caller.grants.filter(({ role }) => mayRole(role, permission))
  if (fitting.some(({ tenantId }) => tenantId === null)) return everything
  if (fitting.length === 0 || installationPermissions.includes(permission)) return undefined
  return { kind: 'tenants', ids: [...new Set(fitting.map(({ tenantId }) => tenantId!))] }
}

/** The tenant whose auditors read of it: that of whoever has roles in one alone. */
export function homeTenantOf(grants: readonly Grant[]): string | null {
  return new Set(grants.map((grant) => grant.tenantId)).size === 1 ? grants[0]!.tenantId : null
}
