import type { HealthSummary, SystemHealth } from '#contract/health.ts'
import { durations } from '#base/units.ts'
import { raiseAlert, settleAlert } from '#service/alerts/alerts.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { knownSystems, type KnownSystem } from './health.store.ts'
import { judge, oldestMs, oldestPoint, printMinutes, worstOf } from './protection.ts'

/** So often the ages of the newest backups are looked at. */
export const watchEveryMs = durations.minute

export function healthOf({ system, facts, shown }: KnownSystem, now: Date): SystemHealth {
  const { id, tenant_id: tenantId, name, title } = system
  return { id, tenantId, name, title, ...judge(facts, now), ...shown }
}

/** Small, and its members stay: pages of other applications show it. */
export async function healthSummary(tx: Tx, now: Date): Promise<HealthSummary> {
  const systems = (await knownSystems(tx, { now })).map((one) => healthOf(one, now))
  return {
    at: now.toISOString(),
    state: worstOf(systems.map(({ state }) => state)),
    systems: systems.map(({ name, title, state, reasons, sources, lastProvenAt }) => ({
      name,
      title,
      state,
      reasons: reasons.map(({ fact }) => fact),
      recoveryPoint: oldestPoint(sources),
      lastProvenAt,
    })),
  }
}

/** Tells people the moment that a system would lose more than was promised, and when that is over. */
export async function watchRecoveryPoints(house: House): Promise<void> {
  const now = house.clock.now()
  await house.catalog.as(everything, async (tx) => {
    for (const one of await knownSystems(tx, { now })) {
      const late = lateOf(one, now)
      const { id, name, tenant_id: tenantId } = one.system
      if (late)
        await raiseAlert(house, tx, {
          kind: 'recovery-point-old',
          concerns: id,
          tenantId,
          systemId: id,
          subject: { kind: 'system', id, name },
          fact: `system ${name}: ${late}`,
          hint: 'See why no newer backup was completed, and make one now.',
        })
      else
        await settleAlert(house, tx, {
          kind: 'recovery-point-old',
          concerns: id,
          because: `system ${name} has a backup that is new enough`,
        })
    }
  })
}

/** A system that was registered a moment ago is given the time that its objective gives. */
function lateOf({ system, facts }: KnownSystem, now: Date): string | undefined {
  const { rpo } = judge(facts, now)
  const boundMinutes = rpo.objectiveMinutes ?? oldestMs / durations.minute
  if (rpo.achievedMinutes !== null)
    return rpo.achievedMinutes > boundMinutes
      ? `the newest data that could be brought back is ${printMinutes(rpo.achievedMinutes)} old, ${printMinutes(boundMinutes)} at most were promised`
      : undefined
  const ageMinutes = (now.getTime() - system.created_at.getTime()) / durations.minute
  return ageMinutes > boundMinutes ? `some of it is in no backup, ${printMinutes(ageMinutes)} after it was registered` : undefined
}
