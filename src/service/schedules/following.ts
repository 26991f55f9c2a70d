import { durations } from '#base/units.ts'
import type { Follows, ProposalView } from '#contract/schedules.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { knownSystem } from '#service/systems/systems.ts'
import { observedBackups } from './observed.store.ts'
import { nextAt, planWords } from './plan.ts'
import { propose, type Proposal } from './proposal.ts'
import { planOf } from './schedules.ts'
import { lockFollowing, updateSchedule, type StoredSchedule } from './schedules.store.ts'

export const followsEveryMs = durations.hour
/** One that changed by itself stays so for a day: what is observed is to have time to follow. */
const adaptedForMs = durations.day
/** For a schedule that follows nothing, and of which only a proposal is wanted. */
const usualBounds: Follows = { minutesMin: 15, minutesMax: 24 * 60 }

export async function proposalOf(house: House, tx: Tx, row: StoredSchedule): Promise<Proposal & { readonly words: string }> {
  const { settings } = await knownSystem(tx, row.system_id)
  const plan = planOf(row)
  const proposal = propose({
    plan,
    type: row.backup_type,
    observed: await observedBackups(tx, row.system_id),
    rpoMinutes: settings.objectives.rpoMinutes ?? null,
    bounds: row.follows ?? usualBounds,
    now: house.clock.now(),
  })
  return { ...proposal, words: planWords({ ...plan, cronExpression: proposal.cronExpression }) }
}

export function proposalView({ reasons, busyHours, ...proposal }: Proposal & { readonly words: string }): ProposalView {
  return { ...proposal, reasons: [...reasons], busyHours: [...busyHours] }
}

/** Changes those schedules that were told to follow what is observed. Returns how many it changed. */
export async function followObserved(house: House): Promise<number> {
  return await house.catalog.as(everything, async (tx) => {
    const now = house.clock.now()
    let adapted = 0
    for (const row of await lockFollowing(tx, { now, adaptedBefore: new Date(now.getTime() - adaptedForMs) }))
      if (await adapt(house, tx, { row, now })) adapted += 1
    return adapted
  })
}

async function adapt(house: House, tx: Tx, { row, now }: { readonly row: StoredSchedule; readonly now: Date }): Promise<boolean> {
  const proposal = await proposalOf(house, tx, row)
  // Nothing is known without backups; what never ran stays as somebody set it.
  if (!proposal.isChange || proposal.newBytesPerHour === null) return false
  const next = nextAt({ ...planOf(row), cronExpression: proposal.cronExpression }, now)
  if (!next) return false
  await updateSchedule(tx, row.id, {
    cron_expression: proposal.cronExpression,
    next_tick_at: next.tick,
    next_run_at: next.at,
    adapted_at: now,
  })
  await recordSystemEvent(tx, house, {
    action: 'schedule.adapted',
    tenantId: row.tenant_id,
    subject: { kind: 'schedule', id: row.id, name: row.name },
    reason: proposal.reasons.join(' '),
    before: { cronExpression: row.cron_expression },
    after: { cronExpression: proposal.cronExpression },
  })
  return true
}
