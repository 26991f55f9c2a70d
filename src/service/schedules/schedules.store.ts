import type { ExpressionBuilder, Insertable, Selectable, Updateable } from 'kysely'
import type { z } from 'zod'
import type { schedules } from '#contract/schedules.ts'
import { isDuplicate } from '#service/catalog/catalog.ts'
import { anywhere, boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { BackupScheduleRow, Tables } from '#service/catalog/tables.ts'

export type StoredSchedule = Selectable<BackupScheduleRow> & { readonly system_name: string }

export async function listScheduleRows(
  tx: Tx,
  query: z.output<(typeof schedules.list)['query']>,
): Promise<{ rows: StoredSchedule[]; total: number }> {
  const { limit, offset } = boundsOf(query)
  const chosen = withSystem(tx).where((where) => matching(where, query))
  const { total } = await chosen.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await chosen
    .selectAll('backup_schedules')
    .select('systems.name as system_name')
    .orderBy('next_run_at', (by) => by.asc().nullsLast())
    .orderBy('backup_schedules.name')
    .orderBy('backup_schedules.id')
    .limit(limit)
    .offset(offset)
    .execute()
  return { rows, total }
}

function stored(tx: Tx) {
  return withSystem(tx).selectAll('backup_schedules').select('systems.name as system_name')
}

function withSystem(tx: Tx) {
  return tx.selectFrom('backup_schedules').innerJoin('systems', 'systems.id', 'backup_schedules.system_id').where('deleted_at', 'is', null)
}

function matching(
  where: ExpressionBuilder<Tables, 'backup_schedules' | 'systems'>,
  { systemId, isActive, search }: z.output<(typeof schedules.list)['query']>,
) {
  return where.and([
    ...(systemId === undefined ? [] : [where('system_id', '=', systemId)]),
    ...(isActive === undefined ? [] : [where('is_active', '=', isActive === 'true')]),
    ...(search === undefined ? [] : [where('backup_schedules.name', 'ilike', anywhere(search))]),
  ])
}

export async function findScheduleRow(tx: Tx, id: string): Promise<StoredSchedule | undefined> {
  return await stored(tx).where('backup_schedules.id', '=', id).executeTakeFirst()
}

/** Held until the transaction ends. */
export async function lockScheduleRow(tx: Tx, id: string): Promise<StoredSchedule | undefined> {
  return await stored(tx).where('backup_schedules.id', '=', id).forUpdate('backup_schedules').executeTakeFirst()
}

/** False when the tenant has a schedule of that name. */
export async function insertSchedule(tx: Tx, schedule: Insertable<BackupScheduleRow>): Promise<boolean> {
  const inserted = await tx
    .insertInto('backup_schedules')
    .values(schedule)
    .onConflict((conflict) => conflict.columns(['tenant_id', 'name']).where('deleted_at', 'is', null).doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}

/** False when the tenant has another schedule of that name. */
export async function updateSchedule(tx: Tx, id: string, change: Updateable<BackupScheduleRow>): Promise<boolean> {
  try {
    await tx.updateTable('backup_schedules').set(change).where('id', '=', id).execute()
    return true
  } catch (error) {
    if (!isDuplicate(error, 'backup_schedules_name')) throw error
    return false
  }
}

/** Those whose time has come, the longest due first. */
export async function dueScheduleIds(tx: Tx, now: Date, rowsMax: number): Promise<string[]> {
  const rows = await tx
    .selectFrom('backup_schedules')
    .select('id')
    .where('is_active', '=', true)
    .where('deleted_at', 'is', null)
    .where('next_run_at', '<=', now)
    .orderBy('next_run_at')
    .limit(rowsMax)
    .execute()
  return rows.map(({ id }) => id)
}

/** Held until the transaction ends. Undefined when it is not due any more, or somebody else holds it. */
export async function lockDueSchedule(tx: Tx, id: string, now: Date): Promise<StoredSchedule | undefined> {
  return await stored(tx)
    .where('backup_schedules.id', '=', id)
    .where('is_active', '=', true)
    .where('next_run_at', '<=', now)
    .forUpdate('backup_schedules')
    .skipLocked()
    .executeTakeFirst()
}

/** Those that may change by themselves now: not when one of their ticks is about to be run. */
export async function lockFollowing(
  tx: Tx,
  { now, adaptedBefore }: { readonly now: Date; readonly adaptedBefore: Date },
): Promise<StoredSchedule[]> {
  return await stored(tx)
    .where('is_active', '=', true)
    .where('follows', 'is not', null)
    .where('next_run_at', '>', now)
    .where((where) => where.or([where('adapted_at', 'is', null), where('adapted_at', '<', adaptedBefore)]))
    .orderBy('backup_schedules.id')
    .forUpdate('backup_schedules')
    .skipLocked()
    .execute()
}

/** All that are switched on, held until the transaction ends. */
export async function lockActiveSchedules(tx: Tx): Promise<StoredSchedule[]> {
  return await stored(tx).where('is_active', '=', true).orderBy('backup_schedules.id').forUpdate('backup_schedules').execute()
}

/** What became of the newest backup that it had made. */
export async function noteScheduleStatus(tx: Tx, id: string, status: string): Promise<void> {
  await tx.updateTable('backup_schedules').set({ last_status: status }).where('id', '=', id).execute()
}
