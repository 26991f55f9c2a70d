import type { z } from 'zod'
import { isFault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import type { DrillCause, drillPolicySchema, drills } from '#contract/drills.ts'
import type { BodyOf } from '#contract/endpoint.ts'
import type { Random } from '#host/random.ts'
import { raiseAlert, settleAlert } from '#service/alerts/alerts.ts'
import { knownBackup } from '#service/backups/backups.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { nextRuns } from '#service/schedules/cron.ts'
import type { StoredSystem } from '#service/systems/systems.store.ts'
import {
  findDrillPolicy,
  lockActivePolicies,
  saveDrillPolicy,
  updateDrillPolicy,
  type DuePolicy,
  type StoredDrillPolicy,
} from './drill-policies.store.ts'
import { drillableBackups, pastDrills } from './drills.store.ts'
import { beginDrill } from './drills.ts'

export function policyView(row: StoredDrillPolicy): z.output<typeof drillPolicySchema> {
  return {
    systemId: row.system_id,
    isActive: row.is_active,
    everyNthBackup: row.every_nth_backup,
    cronExpression: row.cron_expression,
    timeZone: row.time_zone,
    choice: row.choice,
    overdueAfterDays: row.overdue_after_days,
    nextRunAt: row.next_run_at?.toISOString() ?? null,
    changedAt: row.changed_at.toISOString(),
  }
}

/** INPUT_INVALID for times that are none. */
export async function setDrillPolicy(
  house: House,
  tx: Tx,
  { system, policy }: { readonly system: StoredSystem; readonly policy: BodyOf<typeof drills.setPolicy> },
): Promise<{ readonly before: StoredDrillPolicy | undefined; readonly after: StoredDrillPolicy }> {
  const now = house.clock.now()
  const before = await findDrillPolicy(tx, system.id)
  const { isActive, everyNthBackup, cronExpression, timeZone, choice, overdueAfterDays } = policy
  const next = cronExpression === null ? null : nextRuns(cronExpression, timeZone, { after: now, count: 1 })[0]!
  const after = await saveDrillPolicy(tx, {
    system_id: system.id,
    tenant_id: system.tenant_id,
    is_active: isActive,
    every_nth_backup: everyNthBackup,
    cron_expression: cronExpression,
    time_zone: timeZone,
    choice,
    overdue_after_days: overdueAfterDays,
    next_run_at: isActive ? next : null,
    created_at: now,
    changed_at: now,
  })
  if (!isActive) await settleAlert(house, tx, { kind: 'drill-overdue', concerns: system.id, because: 'the policy was switched off' })
  return { before, after }
}

/**
 * Begins the drills whose time has come, or for which enough backups were made, one of a system at a time, however many
 * services look. Returns how many.
 */
export async function runDueDrills(house: House): Promise<number> {
  return await house.catalog.as(everything, async (tx) => {
    let begun = 0
    for (const policy of await lockActivePolicies(tx)) if (await runPolicy(house, tx, policy)) begun += 1
    return begun
  })
}

async function runPolicy(house: House, tx: Tx, policy: DuePolicy): Promise<boolean> {
  const now = house.clock.now()
  const past = await pastDrills(tx, policy.system_id)
  if (past.some(({ status }) => status === 'pending' || status === 'in_progress')) return false
  const backups = await drillableBackups(tx, policy.system_id)
  const isDue = policy.next_run_at !== null && policy.next_run_at <= now
  if (isDue) {
    const [next] = nextRuns(policy.cron_expression!, policy.time_zone, { after: now, count: 1 })
    await updateDrillPolicy(tx, policy.system_id, { next_run_at: next! })
  }
  const chosen = chooseDrill({ policy, past, backups, isDue, random: house.random })
  if (!chosen) return false
  try {
    await beginDrill(house, tx, {
      backup: await knownBackup(tx, chosen.backupId),
      cause: chosen.cause,
      by: { id: null, name: 'drill policy' },
    })
    return true
  } catch (error) {
    // Deleted since it was listed: the next look finds another one.
    if (!isFault(error, 'BACKUP_DELETED') && !isFault(error, 'BACKUP_NOT_READY')) throw error
    return false
  }
}

export interface DrillSituation {
  readonly policy: Pick<StoredDrillPolicy, 'every_nth_backup' | 'choice'>
  /** Newest first. */
  readonly past: readonly { readonly cause: DrillCause; readonly backup_created_at: Date }[]
  /** Newest first. */
  readonly backups: readonly { readonly id: string; readonly created_at: Date }[]
  /** Its time has come. */
  readonly isDue: boolean
  readonly random: Pick<Random, 'bytes'>
}

export interface ChosenDrill {
  readonly backupId: string
  readonly cause: DrillCause
}

/** Which backup is drilled now, and why; undefined when none is. A drill of the newest does for both reasons. */
export function chooseDrill({ policy, past, backups, isDue, random }: DrillSituation): ChosenDrill | undefined {
  const [newest, ...older] = backups
  if (!newest) return undefined
  if (isDue) {
    const isOlder = policy.choice === 'random-older' || (policy.choice === 'alternating' && lastTimedCause(past) === 'newest')
    if (isOlder && older.length > 0) return { backupId: older[numberBelow(older.length, random)]!.id, cause: 'random-older' }
    return { backupId: newest.id, cause: 'newest' }
  }
  if (policy.every_nth_backup === null) return undefined
  const drilledUntil = Math.max(-Infinity, ...past.map(({ backup_created_at: at }) => at.getTime()))
  const since = backups.filter(({ created_at: at }) => at.getTime() > drilledUntil).length
  return since >= policy.every_nth_backup ? { backupId: newest.id, cause: 'every-nth' } : undefined
}

function lastTimedCause(past: DrillSituation['past']): DrillCause | undefined {
  return past.find(({ cause }) => cause === 'newest' || cause === 'random-older')?.cause
}

function numberBelow(count: number, random: Pick<Random, 'bytes'>): number {
  return Buffer.from(random.bytes(6)).readUIntBE(0, 6) % count
}

/** Where the last drill that passed is too long ago, people are told; where it is not any more, too. */
export async function raiseOverdueDrills(house: House): Promise<void> {
  await house.catalog.as(everything, async (tx) => {
    for (const policy of await lockActivePolicies(tx)) await lookAtPolicy(house, tx, policy)
  })
}

async function lookAtPolicy(house: House, tx: Tx, policy: DuePolicy): Promise<void> {
  const { system_id: systemId, system_name: systemName, overdue_after_days: days } = policy
  const passed = (await pastDrills(tx, systemId)).find(({ outcome }) => outcome === 'proven')?.ended_at ?? null
  const since = passed ?? policy.created_at
  const isOverdue = house.clock.now().getTime() - since.getTime() > days * durations.day
  if (!isOverdue) return await settleAlert(house, tx, { kind: 'drill-overdue', concerns: systemId, because: 'it is no longer overdue' })
  await raiseAlert(house, tx, {
    kind: 'drill-overdue',
    concerns: systemId,
    tenantId: policy.tenant_id,
    systemId,
    subject: { kind: 'system', id: systemId, name: systemName },
    fact: passed
      ? `the last recovery drill of ${systemName} that passed was at ${passed.toISOString()}, more than ${days} days ago`
      : `no recovery drill of ${systemName} has passed since its policy was made at ${since.toISOString()}, more than ${days} days ago`,
    hint: `Start one by hand and read why those before it failed, or did not begin: integrum drill latest --system ${systemName} --server URL`,
    facts: { lastPassedAt: passed?.toISOString() ?? null, overdueAfterDays: days },
  })
}
