import type { DatabaseRecord } from './database-record.ts'
import { connectMaintenance } from './maintenance.ts'

/**
 * Rows inserted, updated and deleted in the live database since its statistics began (`pg_stat_database`), seen from
 * beside it, so also while it is fenced. Rolled-back rows count too: it is an upper bound. 0 when there is none.
 */
export async function rowsWritten(record: DatabaseRecord, signal?: AbortSignal): Promise<bigint> {
  if (record.liveOid === null) return 0n
  await using session = await connectMaintenance([record.live], signal)
  const [row] = await session.query<{ written: string }>(
    'select (tup_inserted + tup_updated + tup_deleted)::text as written from pg_catalog.pg_stat_database where datid = $1::int8::oid',
    [record.liveOid],
  )
  return BigInt(row?.written ?? 0)
}
