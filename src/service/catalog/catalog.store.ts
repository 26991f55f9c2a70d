import { sql } from 'kysely'
import type { Scope, Tx } from './scope.ts'

/** Begins the transaction, and says until its end whose rows it may touch. */
export async function beginScoped(tx: Tx, scope: Scope): Promise<void> {
  const tenants = scope.kind === 'all' ? '*' : scope.ids.join(',')
  await sql`begin; select set_config('integrum.tenants', ${sql.lit(tenants)}, true)`.execute(tx)
}
