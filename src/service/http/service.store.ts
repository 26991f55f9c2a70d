import { sql } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'

/** Fails when the catalog does not answer. */
export async function assertCatalogAnswers(tx: Tx): Promise<void> {
  await sql`select from tenants limit 1`.execute(tx)
}
