import type { ExpressionBuilder, Insertable, Selectable, Updateable } from 'kysely'
import type { z } from 'zod'
import type { schedules } from '#contract/schedules.ts'
import { isDuplicate } from '#service/catalog/catalog.ts'
import { anywhere, boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { BackupScheduleRow, ScheduleTickRow, Tables } from '#service/catalog/tables.ts'

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

/** Held until the transaction ends. */
export async function lockScheduleRow(tx: Tx, id: string): Promise<StoredSchedule | undefined> {
  return await withSystem(tx)
    .selectAll('backup_schedules')
    .select('systems.name as system_name')
    .where('backup_schedules.id', '=', id)
    .forUpdate('backup_schedules')
    .executeTakeFirst()
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

/** Those whose time has come; each is held until the transaction ends, and passed over by others. */
export async function lockDueSchedules(tx: Tx, now: Date, rowsMax: number): Promise<StoredSchedule[]> {
  return await withSystem(tx)
    .selectAll('backup_schedules')
    .select('systems.name as system_name')
    .where('is_active', '=', true)
    .where('next_run_at', '<=', now)
    .orderBy('next_run_at')
    .limit(rowsMax)
    .forUpdate('backup_schedules')
    .skipLocked()
    .execute()
}

/** False when this tick was taken before. */
export async function insertTick(tx: Tx, tick: Insertable<ScheduleTickRow>): Promise<boolean> {
  const inserted = await tx
    .insertInto('schedule_ticks')
    .values(tick)
    .onConflict((conflict) => conflict.columns(['schedule_id', 'tick']).doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}

export async function noteTick(
  tx: Tx,
  { schedule_id, tick, ...change }: Updateable<ScheduleTickRow> & Pick<Selectable<ScheduleTickRow>, 'schedule_id' | 'tick'>,
) {
  await tx.updateTable('schedule_ticks').set(change).where('schedule_id', '=', schedule_id).where('tick', '=', tick).execute()
}

/** What became of the newest backup that it had made. */
export async function noteScheduleStatus(tx: Tx, id: string, status: string): Promise<void> {
  await tx.updateTable('backup_schedules').set({ last_status: status }).where('id', '=', id).execute()
}
