import { sql } from 'kysely'
import type { z } from 'zod'
import type { historyEntrySchema } from '#contract/health.ts'
import { boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { FaultRecord } from '#service/catalog/tables.ts'

export interface HistoryQuery {
  readonly systemId: string
  readonly kind?: string | undefined
  readonly since: Date
  readonly page: number
  readonly pageSize: number
}

/** Jobs of a system that have ended: what each took, moved and met. */
export async function endedRuns(tx: Tx, query: HistoryQuery): Promise<{ rows: z.infer<typeof historyEntrySchema>[]; total: number }> {
  const { limit, offset } = boundsOf(query)
  let chosen = tx.selectFrom('runs').where('runs.system_id', '=', query.systemId).where('ended_at', '>=', query.since)
  if (query.kind !== undefined) chosen = chosen.where('runs.kind', '=', query.kind)
  const { total } = await chosen.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await chosen
    .leftJoin('backups', 'backups.run_id', 'runs.id')
    .select([
      'runs.id',
      'runs.kind',
      'runs.status',
      'started_at',
      'ended_at',
      'runs.fault',
      'file_size_bytes as logical',
      'file_size_compressed as stored',
    ])
    .select(sql<number | null>`extract(epoch from ended_at - started_at)::double precision`.as('seconds'))
    .orderBy('ended_at', 'desc')
    .orderBy('runs.id')
    .limit(limit)
    .offset(offset)
    .execute()
  return { rows: rows.map(entryOf), total }
}

function entryOf(row: {
  readonly id: string
  readonly kind: string
  readonly status: string
  readonly started_at: Date | null
  readonly ended_at: Date | null
  readonly fault: FaultRecord | null
  readonly logical: number | null
  readonly stored: number | null
  readonly seconds: number | null
}): z.infer<typeof historyEntrySchema> {
  const { logical, seconds, fault } = row
  return {
    runId: row.id,
    kind: row.kind,
    status: row.status,
    startedAt: row.started_at?.toISOString() ?? null,
    endedAt: row.ended_at!.toISOString(),
    durationSeconds: seconds,
    logicalBytes: logical,
    storedBytes: row.stored,
    bytesPerSecond: logical !== null && seconds !== null && seconds > 0 ? logical / seconds : null,
    fault: fault && { code: fault.code, fact: fault.fact },
  }
}

export async function hasRunningBackup(tx: Tx, systemId: string): Promise<boolean> {
  const run = await tx
    .selectFrom('runs')
    .select('id')
    .where('system_id', '=', systemId)
    .where('kind', '=', 'backup')
    .where('status', '=', 'in_progress')
    .executeTakeFirst()
  return run !== undefined
}
