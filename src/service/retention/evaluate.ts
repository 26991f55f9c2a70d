import { createHash } from 'node:crypto'
import { Fault, isFault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import type { RetentionPlanView, RetentionPolicy, ShownDecisions } from '#contract/retention.ts'
import { canonicalJson } from '#engine/repository/canonical-json.ts'
import { raiseAlert, settleAlert } from '#service/alerts/alerts.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { boundsOf } from '#service/catalog/page.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import { activeHolds } from '#service/holds/holds.store.ts'
import type { House } from '#service/house.ts'
import { watchClock, clockDoubt } from './clock.ts'
import { decide, type Decision } from './decide.ts'
import {
  dueSystems,
  enterSystems,
  retentionCandidates,
  type CandidatesWanted,
  lockDueSystem,
  markDeleted,
  noteEvaluated,
  type CandidateRow,
} from './evaluate.store.ts'
import { removalGraceDays } from './grace.ts'
import { lockTenantPolicies } from './policies.store.ts'
import { planChange, policyInForce } from './policies.ts'
import { isMassDeletion } from './shortening.ts'

/** How often policies are looked at, and how long after the last time one is carried out again although nothing was backed up. */
export const retentionEveryMs = 10 * durations.minute
const againAfterMs = durations.day

export interface OfSystem {
  readonly id: string
  readonly tenantId: string
}

export interface RetentionPlan {
  readonly system: OfSystem
  readonly policy: RetentionPolicy
  readonly decisions: readonly (Decision & { readonly backup: CandidateRow })[]
  readonly isMassDeletion: boolean
  readonly digest: string
}

/** What the policy in force, or a draft, would keep and remove now. Only reads, unless the rows are to be held for carrying it out. */
export async function planRetention(
  { clock }: Pick<House, 'clock'>,
  tx: Tx,
  system: OfSystem,
  { draft, ...wanted }: { readonly draft?: RetentionPolicy | undefined } & Pick<CandidatesWanted, 'isLocking' | 'schedule'> = {},
): Promise<RetentionPlan> {
  const { id: systemId, tenantId } = system
  const policy = draft ?? (await policyInForce(tx, { tenantId, systemId })).policy
  const candidates = await retentionCandidates(tx, systemId, wanted)
  const decisions = decideCandidates(candidates, policy, { holds: await activeHolds(tx, tenantId), now: clock.now() })
  const acts = decisions.map(({ backup, act }) => `${act} ${backup.id}`)
  const digest = createHash('sha256')
    .update(canonicalJson({ act: 'retention-run', systemId, policy, acts }))
    .digest('hex')
  return { system, policy, decisions, isMassDeletion: isMassDeletion(decisions), digest }
}

function decideCandidates(candidates: readonly CandidateRow[], policy: RetentionPolicy, given: Parameters<typeof decide>[2]) {
  const byId = new Map(candidates.map((one) => [one.id, one]))
  return decide(candidates, policy, given).map(({ backup, act, reasons }) => ({ backup: byId.get(backup.id)!, act, reasons }))
}

/** What the policy of its system says today of a backup that it deleted: undefined when it must still go. */
export async function reasonToKeep(
  { clock }: Pick<House, 'clock'>,
  tx: Tx,
  { id, systemId, tenantId }: { readonly id: string; readonly systemId: string; readonly tenantId: string },
): Promise<string | undefined> {
  const { policy } = await policyInForce(tx, { tenantId, systemId })
  const candidates = await retentionCandidates(tx, systemId, { also: id })
  const decided = decideCandidates(candidates, policy, { holds: await activeHolds(tx, tenantId), now: clock.now() })
  const own = decided.find(({ backup }) => backup.id === id)
  return own?.act === 'keep' ? own.reasons.join('; ') : undefined
}

/** The ticker's work. Each system in a transaction of its own, held by one service. Returns how many backups were deleted. */
export async function runDueRetention(house: House): Promise<number> {
  const doubt = await watchClock(house)
  const before = new Date(house.clock.now().getTime() - againAfterMs)
  const due = await house.catalog.as(everything, async (tx) => {
    await enterSystems(tx)
    return await dueSystems(tx, before)
  })
  let deleted = 0
  for (const system of due) {
    try {
      deleted += await house.catalog.as(everything, async (tx) => {
        // In the order of whoever sets a policy: first the tenant, then the system's turn.
        await lockTenantPolicies(tx, system.tenantId)
        return (await lockDueSystem(tx, system.id, before)) ? await carryOutDue(house, tx, { system, doubt: doubt?.fact }) : 0
      })
    } catch (error) {
      // One whose policy cannot be carried out hides no other, and is tried again with the next look.
      if (!isFault(error)) throw error
      house.log.error({ system: system.id, code: error.code, fact: error.message }, 'a retention policy cannot be carried out')
    }
  }
  return deleted
}

async function carryOutDue(
  house: House,
  tx: Tx,
  { system, doubt }: { readonly system: OfSystem; readonly doubt: string | undefined },
): Promise<number> {
  const plan = await planRetention(house, tx, system, { isLocking: true })
  const removes = plan.decisions.filter(({ act }) => act === 'remove').length
  if (removes > 0 && doubt !== undefined) {
    await noteEvaluated(tx, { systemId: system.id, tenantId: system.tenantId, at: house.clock.now(), waits: doubt })
    return 0
  }
  if (plan.isMassDeletion) {
    await waitForSignature(house, tx, plan)
    return 0
  }
  await carryOut(house, tx, { plan, by: 'retention' })
  return removes
}

async function waitForSignature(house: House, tx: Tx, { system, decisions }: RetentionPlan): Promise<void> {
  const removes = decisions.filter(({ act }) => act === 'remove').length
  const fact = `the policy would remove ${removes} of ${decisions.length} backups at once`
  await noteEvaluated(tx, { systemId: system.id, tenantId: system.tenantId, at: house.clock.now(), waits: fact })
  await raiseAlert(house, tx, {
    kind: 'retention-waits',
    concerns: system.id,
    tenantId: system.tenantId,
    systemId: system.id,
    fact,
    hint: 'Look at the preview of the policy: change it, or sign the deletion. Nothing is deleted until then.',
    facts: { removes, of: decisions.length },
  })
}

/** Deletes what the plan removes: out of the lists now, out of the repository when the grace period is over. */
export async function carryOut(
  house: House,
  tx: Tx,
  { by, plan: { system, policy, decisions } }: { readonly by: string; readonly plan: RetentionPlan },
): Promise<void> {
  const at = house.clock.now()
  const dueAt = new Date(at.getTime() + (await removalGraceDays(tx)) * durations.day)
  const going = decisions.filter(({ act }) => act === 'remove')
  for (const { backup, reasons } of going) await markDeleted(tx, { id: backup.id, at, dueAt, by, under: { policy, reasons } })
  await noteEvaluated(tx, { systemId: system.id, tenantId: system.tenantId, at, waits: null })
  await settleAlert(house, tx, { kind: 'retention-waits', concerns: system.id, because: 'the policy was carried out' })
  for (const { backup, reasons } of going)
    await recordSystemEvent(tx, house, {
      action: 'backup.deleted-by-policy',
      tenantId: backup.tenantId,
      subject: { kind: 'backup', id: backup.id, name: backup.name },
      reason: reasons.join('; '),
      after: { removalDueAt: dueAt.toISOString() },
      facts: { policy, by },
    })
}

/** Of a plan that somebody looked at: exactly that, or PLAN_STALE. RETENTION_CLOCK, SIGNATURE_NEEDED. */
export async function relockedPlan(
  house: House,
  tx: Tx,
  system: OfSystem,
  { digest, isSigned }: { readonly digest: string; readonly isSigned: boolean },
): Promise<RetentionPlan> {
  await lockTenantPolicies(tx, system.tenantId)
  const plan = await planRetention(house, tx, system, { isLocking: true })
  if (plan.digest !== digest)
    throw new Fault('PLAN_STALE', 'backups, holds or the policy have changed since the preview', { digest: plan.digest })
  if (plan.isMassDeletion && !isSigned) throw massUnsigned(plan)
  const doubt = await clockDoubt(house, tx)
  if (doubt) throw new Fault('RETENTION_CLOCK', doubt.fact, doubt.facts)
  return plan
}

function massUnsigned({ decisions }: RetentionPlan): Fault {
  const removes = decisions.filter(({ act }) => act === 'remove').length
  return new Fault('SIGNATURE_NEEDED', `${removes} of ${decisions.length} backups would be deleted at once: that is signed`, {
    field: 'signature',
  })
}

/** As a preview shows it, all or what is asked for; with the rules in which a draft keeps less than the policy in force. */
export async function planView(tx: Tx, plan: RetentionPlan, shown?: ShownDecisions): Promise<RetentionPlanView> {
  const { system, policy, decisions } = plan
  const { shortens } = await planChange(tx, { tenantId: system.tenantId, systemId: system.id }, policy)
  const removes = decisions.filter(({ act }) => act === 'remove').length
  const { rows, matching } = chosenOf(decisions, shown)
  return {
    systemId: system.id,
    policy,
    matching,
    decisions: rows.map(({ backup: { id, name, type, purpose, createdAt }, act, reasons }) => ({
      backupId: id,
      name,
      type,
      purpose,
      createdAt: createdAt.toISOString(),
      act,
      reasons: [...reasons],
    })),
    keeps: decisions.length - removes,
    removes,
    isMassDeletion: plan.isMassDeletion,
    shortens: [...shortens],
    digest: plan.digest,
  }
}

function chosenOf(decisions: RetentionPlan['decisions'], shown: ShownDecisions | undefined) {
  if (shown === undefined) return { rows: decisions, matching: decisions.length }
  const { act, backupId } = shown
  const those = decisions.filter((one) => (act === undefined || one.act === act) && (backupId === undefined || one.backup.id === backupId))
  const { limit, offset } = boundsOf(shown)
  return { rows: those.slice(offset, offset + limit), matching: those.length }
}
