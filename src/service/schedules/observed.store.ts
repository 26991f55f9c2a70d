import { sql } from 'kysely'
import { wholeTypes, type WholeType } from '#base/backup-types.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { Observed } from './proposal.ts'

/** Older ones were of another time. */
const observedMax = 100

/** The newest completed backups of a system, of all types, in the order of time. */
export async function observedBackups(tx: Tx, systemId: string): Promise<Observed[]> {
  const rows = await tx
    .selectFrom('backups')
    .leftJoin('runs', 'runs.id', 'backups.run_id')
    .select([
      'backups.type',
      sql<Date>`coalesce(runs.started_at, backups.created_at)`.as('at'),
      sql<number | null>`extract(epoch from runs.ended_at - runs.started_at)::double precision`.as('seconds'),
      sql<number | null>`coalesce((metadata #>> '{summary,statistics,newBytes}')::bigint, file_size_compressed)`.as('newBytes'),
      'file_size_compressed as storedBytes',
      'file_size_bytes as logicalBytes',
    ])
    .where('backups.system_id', '=', systemId)
    .where('backups.status', 'in', ['completed', 'completed_with_gaps'])
    .where('purpose', '=', 'regular')
    .where('backups.type', 'in', wholeTypes)
    .$narrowType<{ type: WholeType }>()
    .orderBy('backups.created_at', 'desc')
    .limit(observedMax)
    .execute()
  return rows.toReversed()
}
