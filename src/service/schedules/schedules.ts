import { Fault, isFault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import type { ScheduleView } from '#contract/schedules.ts'
import { beginBackup } from '#service/backups/backups.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { nextRuns } from './cron.ts'
import { insertTick, lockDueSchedules, lockScheduleRow, noteTick, updateSchedule, type StoredSchedule } from './schedules.store.ts'

const runsShown = 5
const dueAtOnceMax = 100
/** One whose backup cannot even begin, since its system is gone, is not tried every few seconds. */
export const schedulesEveryMs = 10 * durations.second

export function scheduleView(row: StoredSchedule, now: Date): ScheduleView {
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
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
    lastRunAt: row.last_run_at?.toISOString() ?? null,
    lastStatus: row.last_status,
    nextRunAt: row.next_run_at?.toISOString() ?? null,
    nextRuns: printedRuns(row.cron_expression, row.time_zone, now),
  }
}

export function printedRuns(cronExpression: string, timeZone: string, after: Date): string[] {
  return nextRuns(cronExpression, timeZone, { after, count: runsShown }).map((at) => at.toISOString())
}

/** Null while it is switched off. INPUT_INVALID when it is no cron expression or would never run. */
export function nextRunOf(
  { isActive, cronExpression, timeZone }: { readonly isActive: boolean; readonly cronExpression: string; readonly timeZone: string },
  now: Date,
): Date | null {
  const [next] = nextRuns(cronExpression, timeZone, { after: now, count: 1 })
  return isActive ? next! : null
}

/** NOT_FOUND, also for those of others and for removed ones. */
export async function lockedSchedule(tx: Tx, id: string): Promise<StoredSchedule> {
  const row = await lockScheduleRow(tx, id)
  if (!row) throw new Fault('NOT_FOUND', `there is no schedule ${id}`)
  return row
}

export function nameTaken(name: string): Fault {
  return new Fault('SCHEDULE_NAME_TAKEN', `there is a schedule named "${name}" already`, { field: 'name' })
}

/**
 * Begins the backup of each schedule whose time has come: once for a tick, however many services look (`schedule_ticks`).
 * After a time without any service the ticks that were missed become one. Returns how many ran.
 */
export async function runDueSchedules(house: House): Promise<number> {
  return await house.catalog.as(everything, async (tx) => {
    const now = house.clock.now()
    const due = await lockDueSchedules(tx, now, dueAtOnceMax)
    for (const schedule of due) await runSchedule(house, tx, { schedule, now })
    return due.length
  })
}

async function runSchedule(
  house: House,
  tx: Tx,
  { schedule, now }: { readonly schedule: StoredSchedule; readonly now: Date },
): Promise<void> {
  const { id, tenant_id, system_id, name, backup_type, cron_expression, time_zone } = schedule
  const tick = schedule.next_run_at!
  const [next] = nextRuns(cron_expression, time_zone, { after: now, count: 1 })
  await updateSchedule(tx, id, { next_run_at: next! })
  if (!(await insertTick(tx, { schedule_id: id, tenant_id, tick, created_at: now }))) return
  try {
    const { backup } = await beginBackup(house, tx, {
      wish: { systemId: system_id, type: backup_type, compressionLevel: 1 },
      by: { id: null, name: `schedule ${name}`, scheduleId: id },
    })
    await noteTick(tx, { schedule_id: id, tick, backup_id: backup.id })
    await updateSchedule(tx, id, { last_run_at: now, last_status: 'pending' })
  } catch (error) {
    // Its system is gone or holds nothing of that kind any more: shown with the schedule, and the others go on.
    if (!isFault(error)) throw error
    const { code, message: fact, hint } = error
    await noteTick(tx, { schedule_id: id, tick, fault: JSON.stringify({ code, fact, hint }) })
    await updateSchedule(tx, id, { last_run_at: now, last_status: 'failed' })
    house.log.error({ schedule: id, code, fact }, 'a schedule could not begin its backup')
  }
}
