import { createHash } from 'node:crypto'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { SnapshotId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { printDuration } from '#base/units.ts'
import { coreOf, type RepositoryCore } from './core.ts'
import { assertRemoved } from './read-back.ts'
import type { Repository, Snapshot } from './repository.ts'
import { judge, nothingHeld, type Keeping, type RetentionPolicy } from './retention.ts'
import { loadSnapshots, rethrow } from './stored.ts'

/** What a policy does not keep, of one system or of all; or exactly these. */
export type ForgetRequest =
  | { readonly kind: 'policy'; readonly policy: RetentionPolicy; readonly system?: string }
  | { readonly kind: 'chosen'; readonly snapshots: readonly SnapshotId[] }

export interface ForgetDecision {
  readonly snapshot: SnapshotId
  readonly time: Date
  readonly tags: readonly string[]
  readonly act: 'keep' | 'forget'
  /** Why, for both. */
  readonly reasons: readonly string[]
}

export interface ForgetPlan {
  readonly repository: string
  readonly request: ForgetRequest
  /** Newest first. */
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
  return await repository.reading(() => decide(coreOf(repository), request, keeping, signal), signal)
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
    const now = await decide(core, plan.request, keeping, signal)
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

async function decide(core: RepositoryCore, request: ForgetRequest, keeping: Keeping, signal?: AbortSignal): Promise<ForgetPlan> {
  const now = await agreedTime(core, signal)
  const snapshots = (await loadSnapshots(core, rethrow, signal)).toSorted(
    (a, b) => b.time.getTime() - a.time.getTime() || (a.id < b.id ? -1 : 1),
  )
  const holds = await keeping.holds(snapshots, signal)
  const policy = request.kind === 'policy' ? request.policy : {}
  const { reasons, lastGood, safety } = judge(snapshots, policy, { now, isGood: keeping.isGood })
  for (const [id, reason] of holds) reasons.set(id, [...(reasons.get(id) ?? []), reason])
  if (request.kind === 'chosen') refuseChosen(request.snapshots, { snapshots, holds: new Map([...safety, ...holds]), lastGood })

  const decisions = snapshots.map((snapshot): ForgetDecision => {
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
  return { repository: core.config.id, request, decisions, digest: digestOf(core.config.id, request, decisions) }
}

/**
 * SAFETY rule 29: our clock and the storage's must agree, since a clock that jumped ahead makes good backups look old and
 * expires what protects safety backups.
 */
async function agreedTime(core: RepositoryCore, signal?: AbortSignal): Promise<Date> {
  const ours = core.clock.now()
  const theirs = await core.storage.now(signal)
  const apartMs = Math.abs(ours.getTime() - theirs.getTime())
  if (apartMs > limits.clockToleranceMs) {
    const fact = `the clock of this machine and that of the storage are ${printDuration(apartMs)} apart`
    throw new Fault('RETENTION_CLOCK', fact, { ours: ours.toISOString(), theirs: theirs.toISOString() })
  }
  return ours < theirs ? ours : theirs
}

interface Known {
  readonly snapshots: readonly Snapshot[]
  readonly holds: ReadonlyMap<SnapshotId, string>
  readonly lastGood: ReadonlySet<SnapshotId>
}

function refuseChosen(chosen: readonly SnapshotId[], { snapshots, holds, lastGood }: Known): void {
  for (const id of chosen) {
    const snapshot = snapshots.find((one) => one.id === id)
    if (!snapshot) throw new Fault('BACKUP_NOT_FOUND', `there is no snapshot ${id.slice(0, 8)}`, { snapshot: id })
    const hold = holds.get(id)
    if (hold !== undefined) throw new Fault('RETENTION_HELD', `snapshot ${id.slice(0, 8)} is held: ${hold}`, { snapshot: id })
    if (!lastGood.has(id)) continue
    const system = snapshot.tags.find((tag) => tag.startsWith('system='))?.slice('system='.length) ?? ''
    throw new Fault('RETENTION_LAST_GOOD', `snapshot ${id.slice(0, 8)} is the last good backup of ${system}`, { snapshot: id, system })
  }
}

function digestOf(repository: string, request: ForgetRequest, decisions: readonly ForgetDecision[]): string {
  const acts = decisions.map((decision) => `${decision.act} ${decision.snapshot}`).toSorted()
  return createHash('sha256')
    .update(JSON.stringify([repository, request, acts]))
    .digest('hex')
}
