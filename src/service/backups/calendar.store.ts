import { sql } from 'kysely'
import type { z } from 'zod'
import type { backups, CalendarDay } from '#contract/backups.ts'
import type { Tx } from '#service/catalog/scope.ts'

/**
 * By the day on the wall of that time zone on which it was asked for. A time of a schedule counts as missed while no backup
 * came of it: one that came late is counted itself.
 */
export async function countByDay(
  tx: Tx,
  { from, to, timeZone, systemId }: z.output<(typeof backups.calendar)['query']>,
): Promise<CalendarDay[]> {
  const { rows } = await sql<CalendarDay>`
    with bounds as (
      select ${from}::date::timestamp at time zone ${timeZone} as first, (${to}::date + 1)::timestamp at time zone ${timeZone} as behind),
    happened as (
      select created_at as at, status from backups, bounds
      where created_at >= first and created_at < behind and (${systemId ?? null}::uuid is null or system_id = ${systemId ?? null}::uuid)
      union all
      select tick, 'missed' from schedule_ticks join backup_schedules s on s.id = schedule_id, bounds
      where tick >= first and tick < behind and missed_at is not null and backup_id is null
        and (${systemId ?? null}::uuid is null or s.system_id = ${systemId ?? null}::uuid))
    select to_char(at at time zone ${timeZone}, 'YYYY-MM-DD') as date,
      count(*) filter (where status = 'completed')::int as completed,
      count(*) filter (where status = 'completed_with_gaps')::int as "completedWithGaps",
      count(*) filter (where status = 'failed')::int as failed,
      count(*) filter (where status = 'cancelled')::int as cancelled,
      count(*) filter (where status in ('pending', 'in_progress'))::int as open,
      count(*) filter (where status = 'missed')::int as missed
    from happened group by 1 order by 1`.execute(tx)
  return rows
}
