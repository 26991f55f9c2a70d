import { sql, type Insertable, type Selectable } from 'kysely'
import type { z } from 'zod'
import type { schedules } from '#contract/schedules.ts'
import { boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { ScheduleTickRow } from '#service/catalog/tables.ts'

/**
 * Takes a tick: false when it has its backup already, whoever took it. One that was missed may be taken after all, as when
 * the clock was wrong and the tick comes again.
 */
export async function takeTick(tx: Tx, tick: Insertable<ScheduleTickRow>): Promise<boolean> {
  const taken = await tx
    .insertInto('schedule_ticks')
    .values(tick)
    .onConflict((conflict) =>
      conflict
        .columns(['schedule_id', 'tick'])
        .doUpdateSet({ missed_at: null, missed_because: null, fault: null, created_at: tick.created_at })
        .where('schedule_ticks.backup_id', 'is', null),
    )
    .executeTakeFirst()
  return taken.numInsertedOrUpdatedRows === 1n
}

/** Those that were taken or missed before stay as they are. Returns the moments of those that are new, in milliseconds. */
export async function insertMissedTicks(tx: Tx, ticks: readonly Insertable<ScheduleTickRow>[]): Promise<ReadonlySet<number>> {
  const inserted = await tx
    .insertInto('schedule_ticks')
    .values(ticks)
    .onConflict((conflict) => conflict.columns(['schedule_id', 'tick']).doNothing())
    .returning('tick')
    .execute()
  return new Set(inserted.map(({ tick }) => tick.getTime()))
}

export async function noteTick(
  tx: Tx,
  {
    schedule_id: schedule,
    tick,
    ...change
  }: Pick<Insertable<ScheduleTickRow>, 'schedule_id' | 'tick'> & Partial<Insertable<ScheduleTickRow>>,
): Promise<void> {
  await tx.updateTable('schedule_ticks').set(change).where('schedule_id', '=', schedule).where('tick', '=', tick).execute()
}

/** A backup of this schedule that no worker has taken yet. */
export async function hasWaitingBackup(tx: Tx, scheduleId: string): Promise<boolean> {
  const waiting = await tx
    .selectFrom('backups')
    .select('id')
    .where('schedule_id', '=', scheduleId)
    .where('status', '=', 'pending')
    .limit(1)
    .executeTakeFirst()
  return waiting !== undefined
}

export type UntakenTick = Pick<Selectable<ScheduleTickRow>, 'schedule_id' | 'tenant_id' | 'tick' | 'planned_at'> & {
  readonly name: string
  readonly system_id: string
  readonly time_zone: string
  readonly tolerance_minutes: number
}

/** Whose backup has been waiting for a worker for longer than its schedule tolerates; held until the transaction ends. */
export async function lockUntakenTicks(tx: Tx, now: Date, rowsMax: number): Promise<UntakenTick[]> {
  return await tx
    .selectFrom('backups')
    .innerJoin('schedule_ticks', 'schedule_ticks.backup_id', 'backups.id')
    .innerJoin('backup_schedules', 'backup_schedules.id', 'schedule_ticks.schedule_id')
    .select(['schedule_ticks.schedule_id', 'schedule_ticks.tenant_id', 'tick', 'planned_at'])
    .select(['backup_schedules.name', 'backup_schedules.system_id', 'time_zone', 'tolerance_minutes'])
    .where('backups.status', '=', 'pending')
    .where('backups.schedule_id', 'is not', null)
    .where('missed_at', 'is', null)
    .where('is_active', '=', true)
    .where(
      sql<Date>`greatest(planned_at, schedule_ticks.created_at)`,
      '<',
      sql<Date>`${now}::timestamptz - tolerance_minutes * interval '1 minute'`,
    )
    .orderBy('planned_at')
    .limit(rowsMax)
    .forUpdate('schedule_ticks')
    .skipLocked()
    .execute()
}

export type ListedTick = Selectable<ScheduleTickRow> & { readonly backup_status: string | null }

export async function listTicks(
  tx: Tx,
  scheduleId: string,
  query: z.output<(typeof schedules.ticks)['query']>,
): Promise<{ rows: ListedTick[]; total: number }> {
  const { limit, offset } = boundsOf(query)
  const chosen = tx
    .selectFrom('schedule_ticks')
    .where('schedule_ticks.schedule_id', '=', scheduleId)
    .where((where) => (query.missed === undefined ? where.lit(true) : where('missed_at', query.missed === 'true' ? 'is not' : 'is', null)))
  const { total } = await chosen.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await chosen
    .leftJoin('backups', 'backups.id', 'schedule_ticks.backup_id')
    .selectAll('schedule_ticks')
    .select('backups.status as backup_status')
    .orderBy('tick', 'desc')
    .limit(limit)
    .offset(offset)
    .execute()
  return { rows, total }
}

/** The newest moment at which a service saw to a tick. */
export async function newestTaken(tx: Tx): Promise<Date | null> {
  const { newest } = await tx
    .selectFrom('schedule_ticks')
    .select((select) => select.fn.max('created_at').as('newest'))
    .executeTakeFirstOrThrow()
  return newest
}
