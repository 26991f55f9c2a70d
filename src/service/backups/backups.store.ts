import { sql, type ExpressionBuilder, type OrderByItemBuilder, type Selectable, type Updateable } from 'kysely'
import type { z } from 'zod'
import { wholeTypes } from '#base/backup-types.ts'
import type { backups } from '#contract/backups.ts'
import { anywhere, boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { BackupRow, RunRow, Tables } from '#service/catalog/tables.ts'

export type StoredBackup = Selectable<BackupRow>
/** Without what may be large and lists do not show. */
export type ListedBackup = Omit<StoredBackup, 'metadata' | 'selection_sealed'>

const listed = [
  'id',
  'tenant_id',
  'system_id',
  'system_name',
  'repository_id',
  'name',
  'type',
  'purpose',
  'description',
  'status',
  'snapshot',
  'file_path',
  'file_size_bytes',
  'file_size_compressed',
  'compression_ratio',
  'checksum',
  'created_by',
  'created_by_id',
  'schedule_id',
  'created_at',
  'completed_at',
  'standing',
  'standing_at',
  'gap_count',
  'fault',
  'run_id',
  'deleted_at',
  'deleted_by',
  'delete_reason',
  'removal_due_at',
  'removal_run_id',
  'removal_fault',
  'removed_at',
  'missing_at',
  'held_by_alert',
  'anomaly',
  'anomaly_verdict',
  'anomaly_settled_at',
  'anomaly_settled_by',
  'anomaly_reason',
  'deleted_under',
] as const satisfies readonly (keyof BackupRow)[]

const sortColumns = {
  createdAt: 'created_at',
  name: 'name',
  fileSizeBytes: 'file_size_bytes',
  fileSizeCompressed: 'file_size_compressed',
  status: 'status',
} as const

export type BackupListQuery = z.output<(typeof backups.list)['query']>

export async function listBackupRows(tx: Tx, query: BackupListQuery): Promise<{ rows: ListedBackup[]; total: number }> {
  const { limit, offset } = boundsOf(query)
  const chosen = tx.selectFrom('backups').where((where) => matching(where, query))
  const count = chosen.select((select) => select.fn.countAll<number>().as('total'))
  // In the same statement: one way to the server, and one moment that both tell of.
  const rows = await chosen
    .select(listed)
    .select(count.as('total'))
    .orderBy(sortColumns[query.sort], (by) => directed(by, query))
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(limit)
    .offset(offset)
    .execute()
  const total = rows[0]?.total ?? (await count.executeTakeFirstOrThrow()).total
  return { rows: rows.map(({ total: _, ...row }) => row), total }
}

/** What has no size yet stands at the end, whichever way it is sorted; where nothing can be missing, an index gives the order. */
function directed(by: OrderByItemBuilder, { sort, order }: BackupListQuery): OrderByItemBuilder {
  const ordered = order === 'asc' ? by.asc() : by.desc()
  return sort === 'fileSizeBytes' || sort === 'fileSizeCompressed' ? ordered.nullsLast() : ordered
}

function matching(where: ExpressionBuilder<Tables, 'backups'>, query: BackupListQuery) {
  const { systemId, type, status, standing, anomaly, from, to, search, deleted } = query
  return where.and([
    ...(systemId === undefined ? [] : [where('system_id', '=', systemId)]),
    ...(type === undefined ? [] : [where('type', '=', type)]),
    ...(status === undefined ? [] : [where('status', '=', status)]),
    ...(standing === undefined ? [] : [where('standing', '=', standing)]),
    ...(anomaly === undefined ? [] : [where('anomaly', 'is not', null)]),
    ...(anomaly === 'open' ? [where('anomaly_verdict', 'is', null)] : []),
    ...(from === undefined ? [] : [where('created_at', '>=', new Date(from))]),
    ...(to === undefined ? [] : [where('created_at', '<', new Date(to))]),
    ...(search === undefined ? [] : [where('name', 'ilike', anywhere(search))]),
    ...(deleted === 'with' ? [] : [where('deleted_at', deleted === 'only' ? 'is not' : 'is', null)]),
  ])
}

export async function findBackupRow(tx: Tx, id: string): Promise<StoredBackup | undefined> {
  return await tx.selectFrom('backups').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Held until the transaction ends. */
export async function lockBackupRow(tx: Tx, id: string): Promise<StoredBackup | undefined> {
  return await tx.selectFrom('backups').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

export type NewBackup = Pick<
  BackupRow,
  | 'id'
  | 'tenant_id'
  | 'system_id'
  | 'system_name'
  | 'repository_id'
  | 'name'
  | 'type'
  | 'status'
  | 'created_by'
  | 'created_by_id'
  | 'schedule_id'
  | 'created_at'
> &
  Partial<Selectable<Pick<BackupRow, 'purpose' | 'description' | 'selection_sealed'>>>

/** False when the tenant has a backup of that name: names stay taken, also by what was removed. */
export async function insertBackup(tx: Tx, backup: NewBackup): Promise<boolean> {
  const inserted = await tx
    .insertInto('backups')
    .values(backup)
    .onConflict((conflict) => conflict.columns(['tenant_id', 'name']).doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}

export async function updateBackup(tx: Tx, id: string, change: Updateable<BackupRow>): Promise<ListedBackup> {
  return await tx.updateTable('backups').set(change).where('id', '=', id).returning(listed).executeTakeFirstOrThrow()
}

export type RunState = Pick<Selectable<RunRow>, 'id' | 'status' | 'stage' | 'percent' | 'started_at' | 'ended_at'>

export async function runStateOf(tx: Tx, runId: string): Promise<RunState | undefined> {
  return await tx
    .selectFrom('runs')
    .select(['id', 'status', 'stage', 'percent', 'started_at', 'ended_at'])
    .where('id', '=', runId)
    .executeTakeFirst()
}

/** Newest first: sizes and durations of what was made of a system before. */
export async function pastBackups(
  tx: Tx,
  { systemId, type }: { readonly systemId: string; readonly type: StoredBackup['type'] },
): Promise<{ stored: number | null; logical: number | null; seconds: number | null }[]> {
  return await tx
    .selectFrom('backups')
    .leftJoin('runs', 'runs.id', 'backups.run_id')
    .select([
      'file_size_compressed as stored',
      'file_size_bytes as logical',
      sql<number | null>`extract(epoch from runs.ended_at - runs.started_at)::double precision`.as('seconds'),
    ])
    .where('backups.system_id', '=', systemId)
    .where('backups.type', '=', type)
    .where('backups.status', 'in', ['completed', 'completed_with_gaps'])
    .where('backups.purpose', '=', 'regular')
    .orderBy('backups.created_at', 'desc')
    .limit(10)
    .execute()
}

/** The newest of the system as it was whose manifest tells what its sources held. */
export async function newestMetadata(tx: Tx, systemId: string): Promise<StoredBackup['metadata'][]> {
  const rows = await tx
    .selectFrom('backups')
    .select('metadata')
    .where('system_id', '=', systemId)
    .where('type', 'in', wholeTypes)
    .where('status', 'in', ['completed', 'completed_with_gaps'])
    .orderBy('created_at', 'desc')
    .limit(5)
    .execute()
  return rows.map(({ metadata }) => metadata)
}

export async function isOpenRun(tx: Tx, runId: string): Promise<boolean> {
  const run = await runStateOf(tx, runId)
  return run?.status === 'pending' || run?.status === 'in_progress'
}

export async function systemNamed(
  tx: Tx,
  { tenantId, name }: { readonly tenantId: string; readonly name: string },
): Promise<{ readonly id: string } | undefined> {
  return await tx.selectFrom('systems').select('id').where('tenant_id', '=', tenantId).where('name', '=', name).executeTakeFirst()
}
