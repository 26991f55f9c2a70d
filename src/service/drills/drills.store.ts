import type { ExpressionBuilder, Insertable, Selectable, Updateable } from 'kysely'
import type { z } from 'zod'
import { wholeTypes } from '#base/backup-types.ts'
import type { drills } from '#contract/drills.ts'
import type { StoredBackup } from '#service/backups/backups.store.ts'
import { boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { Tables } from '#service/catalog/tables.ts'
import type { DrillRow } from './drill-tables.ts'

export type StoredDrill = Selectable<DrillRow>

/** Without the report, and with what lists say of the backup. */
export interface ListedDrill extends Omit<StoredDrill, 'report'> {
  readonly backup_name: string
  readonly backup_created_at: Date
  readonly has_report: boolean
}

const listed = [
  'drills.id',
  'drills.tenant_id',
  'drills.system_id',
  'drills.system_name',
  'drills.backup_id',
  'drills.repository_id',
  'drills.cause',
  'drills.status',
  'drills.outcome',
  'drills.is_backup_at_fault',
  'drills.restored_in_ms',
  'drills.objective_ms',
  'drills.finding_count',
  'drills.fault',
  'drills.run_id',
  'drills.created_by',
  'drills.created_by_id',
  'drills.created_at',
  'drills.ended_at',
  'backups.name as backup_name',
  'backups.created_at as backup_created_at',
] as const

type Joined = ExpressionBuilder<Tables, 'drills' | 'backups'>

function withBackup(tx: Tx) {
  return tx.selectFrom('drills').innerJoin('backups', 'backups.id', 'drills.backup_id')
}

const hasReport = (select: Joined) => select('drills.report', 'is not', null).$castTo<boolean>().as('has_report')

export type DrillQuery = z.output<(typeof drills.list)['query']>

export async function listDrillRows(tx: Tx, query: DrillQuery): Promise<{ rows: ListedDrill[]; total: number }> {
  const { limit, offset } = boundsOf(query)
  const chosen = withBackup(tx).where((where) => matching(where, query))
  const { total } = await chosen.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await chosen
    .select(listed)
    .select(hasReport)
    .orderBy('drills.created_at', 'desc')
    .orderBy('drills.id')
    .limit(limit)
    .offset(offset)
    .execute()
  return { rows, total }
}

function matching(where: Joined, { systemId, backupId, outcome }: DrillQuery) {
  return where.and([
    ...(systemId === undefined ? [] : [where('drills.system_id', '=', systemId)]),
    ...(backupId === undefined ? [] : [where('drills.backup_id', '=', backupId)]),
    ...(outcome === undefined ? [] : [where('drills.outcome', '=', outcome)]),
  ])
}

export async function findListedDrill(tx: Tx, id: string): Promise<ListedDrill | undefined> {
  return await withBackup(tx).select(listed).select(hasReport).where('drills.id', '=', id).executeTakeFirst()
}

export async function findDrillRow(tx: Tx, id: string): Promise<StoredDrill | undefined> {
  return await tx.selectFrom('drills').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function insertDrill(tx: Tx, drill: Insertable<DrillRow>): Promise<void> {
  await tx.insertInto('drills').values(drill).execute()
}

export async function updateDrill(tx: Tx, id: string, change: Updateable<DrillRow>): Promise<StoredDrill> {
  return await tx.updateTable('drills').set(change).where('id', '=', id).returningAll().executeTakeFirstOrThrow()
}

/** What a drill can be held of: newest first, whole as far as anybody knows. */
export async function drillableBackups(tx: Tx, systemId: string): Promise<Pick<StoredBackup, 'id' | 'created_at'>[]> {
  return await tx
    .selectFrom('backups')
    .select(['id', 'created_at'])
    .where('system_id', '=', systemId)
    .where('purpose', '=', 'regular')
    .where('type', 'in', wholeTypes)
    .where('status', 'in', ['completed', 'completed_with_gaps'])
    .where('snapshot', 'is not', null)
    .where('deleted_at', 'is', null)
    .where('removed_at', 'is', null)
    .where('missing_at', 'is', null)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
}

/** Newest first, of a system: which backup each was of, and what came of it. */
export async function pastDrills(
  tx: Tx,
  systemId: string,
): Promise<Pick<ListedDrill, 'status' | 'outcome' | 'cause' | 'ended_at' | 'backup_created_at'>[]> {
  return await withBackup(tx)
    .select(['drills.status', 'drills.outcome', 'drills.cause', 'drills.ended_at', 'backups.created_at as backup_created_at'])
    .where('drills.system_id', '=', systemId)
    .orderBy('drills.created_at', 'desc')
    .limit(pastDrillsMax)
    .execute()
}

const pastDrillsMax = 1000

/** How long the restores of drills that passed took, oldest first. */
export async function drillTimes(
  tx: Tx,
  systemId: string,
): Promise<{ id: string; at: Date; restoredInMs: number; logicalBytes: number | null }[]> {
  const rows = await withBackup(tx)
    .select(['drills.id', 'drills.ended_at', 'drills.restored_in_ms', 'backups.file_size_bytes'])
    .where('drills.system_id', '=', systemId)
    .where('drills.outcome', '=', 'proven')
    .orderBy('drills.ended_at', 'desc')
    .limit(drillTimesMax)
    .execute()
  return rows.toReversed().map((row) => ({
    id: row.id,
    at: row.ended_at!,
    restoredInMs: row.restored_in_ms!,
    logicalBytes: row.file_size_bytes,
  }))
}

const drillTimesMax = 200

/** Backups that a failed drill has an open alert about, up to this one: restoring it shows that the doubt is over. */
export async function doubtedBackups(tx: Tx, { systemId, until }: { readonly systemId: string; readonly until: Date }): Promise<string[]> {
  const rows = await tx
    .selectFrom('alerts')
    .innerJoin('backups', (join) => join.on((on) => on('alerts.subject_id', '=', on.cast<string>('backups.id', 'text'))))
    .select('backups.id')
    .where('alerts.kind', '=', 'drill-failed')
    .where('alerts.settled_at', 'is', null)
    .where('alerts.system_id', '=', systemId)
    .where('backups.created_at', '<=', until)
    .execute()
  return rows.map(({ id }) => id)
}
