import type { Transaction } from 'kysely'
import type { Tables } from './tables.ts'

/** Whose rows a transaction may see and write: those of all tenants, or of these. */
export type Scope = { readonly kind: 'all' } | { readonly kind: 'tenants'; readonly ids: readonly string[] }

export const everything: Scope = { kind: 'all' }

export function within(tenantId: string): Scope {
  return { kind: 'tenants', ids: [tenantId] }
}

export type Tx = Transaction<Tables>
