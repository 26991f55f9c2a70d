import { sql } from 'kysely'
import type { Scope, Tx } from './scope.ts'

/** Until the end of the transaction, whose rows it may touch. */
export async function setScope(tx: Tx, scope: Scope): Promise<void> {
  const tenants = scope.kind === 'all' ? '*' : scope.ids.join(',')
  await sql`select set_config('integrum.tenants', ${tenants}, true)`.execute(tx)
}
