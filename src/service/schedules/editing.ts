import type { BackupType } from '#contract/backups.ts'
import type { BodyOf } from '#contract/endpoint.ts'
import { schedules } from '#contract/schedules.ts'
import { assertHolds, type Maker } from '#service/backups/backups.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { StoredSystem } from '#service/systems/systems.store.ts'
import { lockedSchedule, nameTaken, nextColumns, noNextColumns, planOf } from './schedules.ts'
import { insertSchedule, updateSchedule, type StoredSchedule } from './schedules.store.ts'

export type ScheduleWish = BodyOf<typeof schedules.edit>

/** INPUT_INVALID when it would never run or its system holds nothing of that kind, SCHEDULE_NAME_TAKEN. */
export async function createSchedule(
  house: House,
  tx: Tx,
  { system, wish, by }: { readonly system: StoredSystem; readonly wish: ScheduleWish; readonly by: Maker },
): Promise<StoredSchedule> {
  assertHolds(system, { type: wish.backupType }, 'backupType')
  const [id, now] = [house.random.uuid(), house.clock.now()]
  const inserted = await insertSchedule(tx, {
    id,
    tenant_id: system.tenant_id,
    system_id: system.id,
    ...columnsOf(id, wish, now),
    created_by: by.name,
    created_at: now,
  })
  if (!inserted) throw nameTaken(wish.name)
  return await lockedSchedule(tx, id)
}

export async function changeSchedule(tx: Tx, { id, wish, now }: { readonly id: string; readonly wish: ScheduleWish; readonly now: Date }) {
  if (!(await updateSchedule(tx, id, columnsOf(id, wish, now)))) throw nameTaken(wish.name)
  return await lockedSchedule(tx, id)
}

/** What there is of a system, daily; all of it weekly. Not all at the same minute, where there are many systems. */
export function defaultSchedules({ name, databases, roots }: StoredSystem, timeZone: string): ScheduleWish[] {
  const part: BackupType = databases.length > 0 ? 'database' : 'files'
  const holdsBoth = databases.length > 0 && roots.length > 0
  const wish = (called: string, backupType: BackupType, cronExpression: string) =>
    schedules.edit.body.parse({ name: `${name} ${called}`, backupType, cronExpression, timeZone, jitterMinutes: 15 })
  return [wish(`daily ${part}`, part, '0 2 * * *'), ...(holdsBoth ? [wish('weekly full', 'full', '0 3 * * 0')] : [])]
}

function columnsOf(id: string, wish: ScheduleWish, now: Date) {
  const { name, backupType, isActive, cronExpression, timeZone, blackouts, jitterMinutes, follows } = wish
  // Also of one that is switched off: what would never run is refused.
  const next = nextColumns({ id, cronExpression, timeZone, blackouts, jitterMinutes }, now)
  return {
    name,
    backup_type: backupType,
    is_active: isActive,
    cron_expression: cronExpression,
    time_zone: timeZone,
    retention_days: wish.retentionDays,
    blackouts: JSON.stringify(blackouts),
    jitter_minutes: jitterMinutes,
    catch_up_minutes: wish.catchUpMinutes,
    tolerance_minutes: wish.toleranceMinutes,
    follows: follows && JSON.stringify(follows),
    changed_at: now,
    ...(isActive ? next : noNextColumns),
  }
}

/** For the trail. */
export function settingsOf(row: StoredSchedule): ScheduleWish {
  const { cronExpression, timeZone, jitterMinutes } = planOf(row)
  return {
    name: row.name,
    backupType: row.backup_type,
    isActive: row.is_active,
    cronExpression,
    timeZone,
    blackouts: [...row.blackouts],
    jitterMinutes,
    catchUpMinutes: row.catch_up_minutes,
    toleranceMinutes: row.tolerance_minutes,
    retentionDays: row.retention_days,
    follows: row.follows,
  }
}
