import { sql, type Selectable } from 'kysely'
import { wholeTypes } from '#base/backup-types.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { StoredSystem } from '#service/systems/systems.store.ts'
import type { CoverageLookRow } from './health-tables.ts'

export async function activeSystems(tx: Tx): Promise<StoredSystem[]> {
  return await tx.selectFrom('systems').selectAll().where('retired_at', 'is', null).orderBy('created_at').execute()
}

/** Tables of a database in the newest good backup that has it, as `schema.table`; undefined when none has it. */
export async function tablesInNewest(
  tx: Tx,
  { systemId, database }: { readonly systemId: string; readonly database: string },
): Promise<ReadonlySet<string> | undefined> {
  const { rows } = await sql<{ tables: { database: string; schema: string; table: string }[] | null }>`
    select metadata->'tables' as tables from backups
    where system_id = ${systemId} and status in ('completed', 'completed_with_gaps') and purpose = 'regular' and standing <> 'failed'
      and type = any (${[...wholeTypes]}::text[])
      and deleted_at is null and removed_at is null and missing_at is null
      and metadata @? ${`$.summary.databases[*] ? (@.name == ${JSON.stringify(database)})`}::jsonpath
    order by created_at desc limit 1`.execute(tx)
  if (!rows[0]) return undefined
  const tables = (rows[0].tables ?? []).filter((one) => one.database === database)
  return new Set(tables.map(({ schema, table }) => `${schema}.${table}`))
}

export async function keepLook(tx: Tx, look: Selectable<CoverageLookRow>): Promise<void> {
  const columns = { at: look.at, missing: JSON.stringify(look.missing), unseen: JSON.stringify(look.unseen) }
  await tx
    .insertInto('coverage_looks')
    .values({ system_id: look.system_id, tenant_id: look.tenant_id, ...columns })
    .onConflict((conflict) => conflict.column('system_id').doUpdateSet(columns))
    .execute()
}
