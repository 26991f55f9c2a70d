import { createHash } from 'node:crypto'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { SnapshotId } from '#base/ids.ts'
import { coreOf } from './core.ts'
import type { ForgetDecision, ForgetRequest } from './forget-decision.ts'
import { decideProofs } from './forget-proofs.ts'
import { heldAmong, holdRecordsAmong, holdsInForce } from './hold-records.ts'
import { isOwnRecord } from './own-records.ts'
import { readProofs, standingOf, backupTagOf } from './proofs.ts'
import { assertRemoved } from './read-back.ts'
import type { Repository, Snapshot } from './repository.ts'
import { judge, nothingHeld, type Judged, type Keeping } from './retention.ts'
import { loadSnapshots, rethrow } from './stored.ts'
import { trustedTime } from './trusted-time.ts'

export type { ForgetDecision, ForgetRequest } from './forget-decision.ts'

export interface ForgetPlan {
  readonly repository: string
  readonly request: ForgetRequest
  /** Backups newest first, then the proofs of them. */
  readonly decisions: readonly ForgetDecision[]
  /** Of the request and every decision: what `executeForget` finds must be the same. */
  readonly digest: string
}

/**
 * Says what would be forgotten and why, by reading alone. RETENTION_LAST_GOOD, RETENTION_HELD, BACKUP_NOT_FOUND when a chosen
 * one may not go or is not there; RETENTION_CLOCK when nobody knows what time it is; DAMAGE_SNAPSHOT when one cannot be read.
 */
export async function planForget(
  repository: Repository,
  request: ForgetRequest,
  keeping: Keeping = nothingHeld,
  signal?: AbortSignal,
): Promise<ForgetPlan> {
  return await repository.reading(() => decide(repository, request, keeping, signal), signal)
}

export interface ForgetResult {
  readonly forgotten: readonly SnapshotId[]
}

/**
 * Carries a plan out, once. Everything is decided again inside the exclusive lock, holds included, and PLAN_STALE is the
 * answer to any difference. The space comes back with `prune`.
 */
export async function executeForget(
  repository: Repository,
  plan: ForgetPlan,
  keeping: Keeping = nothingHeld,
  signal?: AbortSignal,
): Promise<ForgetResult> {
  if (used.has(plan)) throw new Fault('PLAN_USED', 'this plan was carried out already', { digest: plan.digest })
  const core = coreOf(repository)
  return await repository.exclusively(async (lease) => {
    const now = await decide(repository, plan.request, keeping, signal)
    if (now.digest !== plan.digest || plan.repository !== core.config.id) {
      throw new Fault('PLAN_STALE', 'backups, holds or the time of one have changed since the plan was made', {
        digest: plan.digest,
        now: now.digest,
      })
    }
    used.add(plan)
    const going = now.decisions.filter((decision) => decision.act === 'forget').map((decision) => decision.snapshot)
    await lease.confirm(signal)
    for (const id of going) {
      throwIfCancelled(signal)
      await core.storage.remove(`snapshots/${id}`, signal)
    }
    await assertRemoved(
      core.storage,
      'snapshots',
      going.map((id) => `snapshots/${id}` as const),
      signal,
    )
    return { forgotten: going }
  }, signal)
}

const used = new WeakSet<ForgetPlan>()

async function decide(repository: Repository, request: ForgetRequest, keeping: Keeping, signal?: AbortSignal): Promise<ForgetPlan> {
  const core = coreOf(repository)
  const now = await trustedTime(core, request, signal)
  const all = (await loadSnapshots(core, rethrow, signal)).toSorted((a, b) => b.time.getTime() - a.time.getTime() || (a.id < b.id ? -1 : 1))
  const proofs = await readProofs(repository, all, signal)
  const snapshots = all.filter((snapshot) => !isOwnRecord(snapshot))
  const recorded = heldAmong(holdsInForce(holdRecordsAmong(repository, all)), snapshots)
  const holds = new Map([...recorded, ...(await keeping.holds(snapshots, signal))])
  const stateOf = (snapshot: Snapshot) => standingOf(backupTagOf(snapshot), proofs).state
  const judged = judge(snapshots, request.kind === 'policy' ? request.policy : {}, {
    now,
    isGood: (snapshot) => keeping.isGood(snapshot) && stateOf(snapshot) !== 'failed',
    isProven: (snapshot) => stateOf(snapshot) === 'proven',
  })
  const decided = decideBackups(request, snapshots, { ...judged, holds })
  const decisions = [...decided, ...decideProofs(request, { decided, snapshots: all, proofs })]
  return { repository: core.config.id, request, decisions, digest: digestOf(core.config.id, request, decisions) }
}

function decideBackups(
  request: ForgetRequest,
  snapshots: readonly Snapshot[],
  { reasons, last, safety, holds }: Judged & { readonly holds: ReadonlyMap<SnapshotId, string> },
): ForgetDecision[] {
  for (const [id, reason] of holds) reasons.set(id, [...(reasons.get(id) ?? []), reason])
  if (request.kind === 'chosen') refuseChosen(request.snapshots, { snapshots, holds: new Map([...safety, ...holds]), last })

  return snapshots.map((snapshot): ForgetDecision => {
    const { id, time, tags } = snapshot
    if (request.kind === 'chosen') {
      const isChosen = request.snapshots.includes(id)
      return { snapshot: id, time, tags, act: isChosen ? 'forget' : 'keep', reasons: [isChosen ? 'chosen' : 'not chosen'] }
    }
    if (request.system !== undefined && !tags.includes(`system=${request.system}`)) {
      return { snapshot: id, time, tags, act: 'keep', reasons: ['of another system'] }
    }
    const kept = reasons.get(id)
    return kept
      ? { snapshot: id, time, tags, act: 'keep', reasons: kept }
      : { snapshot: id, time, tags, act: 'forget', reasons: ['the policy does not keep it'] }
  })
}

interface Known {
  readonly snapshots: readonly Snapshot[]
  readonly holds: ReadonlyMap<SnapshotId, string>
  readonly last: ReadonlyMap<SnapshotId, string>
}

function refuseChosen(chosen: readonly SnapshotId[], { snapshots, holds, last }: Known): void {
  for (const id of chosen) {
    const snapshot = snapshots.find((one) => one.id === id)
    if (!snapshot) throw new Fault('BACKUP_NOT_FOUND', `there is no snapshot ${id.slice(0, 8)}`, { snapshot: id })
    const hold = holds.get(id)
    if (hold !== undefined) throw new Fault('RETENTION_HELD', `snapshot ${id.slice(0, 8)} is held: ${hold}`, { snapshot: id })
    const fact = last.get(id)
    if (fact !== undefined) throw new Fault('RETENTION_LAST_GOOD', `snapshot ${id.slice(0, 8)} is the ${fact}`, { snapshot: id })
  }
}

function digestOf(repository: string, request: ForgetRequest, decisions: readonly ForgetDecision[]): string {
  const acts = decisions.map((decision) => `${decision.act} ${decision.snapshot}`).toSorted()
  return createHash('sha256')
    .update(JSON.stringify([repository, request, acts]))
    .digest('hex')
}
