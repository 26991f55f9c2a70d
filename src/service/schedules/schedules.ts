import { Fault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import type { ScheduleView, TickView } from '#contract/schedules.ts'
import type { ListedBackup } from '#service/backups/backups.store.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { becauseWords, settleMissed } from './missed.ts'
import { firstAfter, planWords, upcoming, type Plan } from './plan.ts'
import { findScheduleRow, lockScheduleRow, noteScheduleStatus, type StoredSchedule } from './schedules.store.ts'
import type { ListedTick } from './ticks.store.ts'

/** How often the clock is looked at: so late may a run begin. */
export const schedulesEveryMs = 10 * durations.second

export function planOf(row: Pick<StoredSchedule, 'id' | 'cron_expression' | 'time_zone' | 'blackouts' | 'jitter_minutes'>): Plan {
  const { id, cron_expression: cronExpression, time_zone: timeZone, blackouts, jitter_minutes: jitterMinutes } = row
  return { id, cronExpression, timeZone, blackouts, jitterMinutes }
}

export function scheduleView(row: StoredSchedule, now: Date): ScheduleView {
  const plan = planOf(row)
  return {
    id: row.id,
    tenantId: row.tenant_id,
    systemId: row.system_id,
    systemName: row.system_name,
    name: row.name,
    backupType: row.backup_type,
    isActive: row.is_active,
    cronExpression: row.cron_expression,
    timeZone: row.time_zone,
    retentionDays: row.retention_days,
    blackouts: [...row.blackouts],
    jitterMinutes: row.jitter_minutes,
    catchUpMinutes: row.catch_up_minutes,
    toleranceMinutes: row.tolerance_minutes,
    follows: row.follows,
    words: planWords(plan),
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
    adaptedAt: row.adapted_at?.toISOString() ?? null,
    lastRunAt: row.last_run_at?.toISOString() ?? null,
    lastStatus: row.last_status,
    nextRunAt: row.next_run_at?.toISOString() ?? null,
    nextRuns: upcoming(plan, now),
  }
}

export function tickView({
  tick,
  planned_at,
  created_at,
  backup_id,
  backup_status,
  missed_at,
  missed_because,
  fault,
}: ListedTick): TickView {
  return {
    tick: tick.toISOString(),
    plannedAt: planned_at.toISOString(),
    at: created_at.toISOString(),
    backup: backup_id === null || backup_status === null ? null : { id: backup_id, status: backup_status },
    missed: missed_because && {
      at: (missed_at ?? created_at).toISOString(),
      because: missed_because,
      words: fault?.fact ?? becauseWords(missed_because),
    },
  }
}

/** INPUT_INVALID when it is no cron expression, or would never run. */
export function nextColumns(plan: Plan, now: Date) {
  const { tick, at } = firstAfter(plan, now)
  return { next_tick_at: tick, next_run_at: at }
}

/** Of one that is switched off. */
export const noNextColumns = { next_tick_at: null, next_run_at: null }

/** NOT_FOUND, also for those of others and for removed ones. */
export async function lockedSchedule(tx: Tx, id: string): Promise<StoredSchedule> {
  const row = await lockScheduleRow(tx, id)
  if (!row) throw new Fault('NOT_FOUND', `there is no schedule ${id}`)
  return row
}

/** The same, without holding it. */
export async function knownSchedule(tx: Tx, id: string): Promise<StoredSchedule> {
  const row = await findScheduleRow(tx, id)
  if (!row) throw new Fault('NOT_FOUND', `there is no schedule ${id}`)
  return row
}

export function nameTaken(name: string): Fault {
  return new Fault('SCHEDULE_NAME_TAKEN', `there is a schedule named "${name}" already`, { field: 'name' })
}

/** What came of a backup that a schedule had made. */
export async function noteScheduledEnd(
  house: House,
  tx: Tx,
  { schedule_id: id, status, name }: Pick<ListedBackup, 'schedule_id' | 'status' | 'name'>,
): Promise<void> {
  if (id === null) return
  await noteScheduleStatus(tx, id, status)
  if (status === 'completed' || status === 'completed_with_gaps') await settleMissed(house, tx, { id, because: `backup ${name} was made` })
}
