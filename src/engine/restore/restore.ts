import { throwIfCancelled } from '#base/clock.ts'
import { Fault, messageOf } from '#base/fault.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { abandon } from './abandon.ts'
import { firstState } from './first-state.ts'
import { RestoreJournal, type JournalState } from './journal.ts'
import { lockTargets } from './lock-targets.ts'
import { countWrites, assertLossBound } from './loss.ts'
import { makePlan } from './make-plan.ts'
import type { PlannedRestore, RunOptions } from './order.ts'
import { planDigest, type RestorePlan } from './plan.ts'
import { writeReceipt } from './receipt.ts'
import { makeSafetyBackup } from './safety-backup.ts'
import { stageAll } from './stage-all.ts'
import { swap } from './swap.ts'

/**
 * The whole restore on one page. The live system is not touched before `swap`, which comes last and only after every
 * row and byte of the staging was compared with the backup. Whatever fails before leaves the live system as it was.
 */
export async function runRestore(
  repository: Repository,
  planned: PlannedRestore,
  options: RunOptions,
  signal: AbortSignal,
): Promise<JournalState> {
  const { plan } = planned
  // Through `runMaskedRestore` alone, or rows would go there as they are.
  if (plan.masks) throw new Fault('PLAN_INVALID', 'the plan masks rows on their way, and this restore would not', { restore: plan.restore })
  const { clock } = options.instruments
  const masks = planned.order.opened.manifest.sanitization
  assertConfirmed(plan, options.confirmed)
  await using locks = await lockTargets(plan, signal)
  await assertFresh(repository, planned, options, signal)
  const journal = await RestoreJournal.begin(
    options.stateDirectory,
    firstState(plan, { at: clock.now(), reason: options.withoutSafetyBackup ?? null }),
    { isAgain: options.isAgain },
  )
  try {
    const writes = await countWrites(journal.state.databases, signal)
    await makeSafetyBackup(repository, { plan, journal }, options, signal)
    await stageAll(repository, { ...planned, journal, instruments: options.instruments }, signal)
    await locks.confirm()
    throwIfCancelled(signal)
    await options.confirmSwap?.()
    options.instruments.onProgress({ stage: 'swap' })
    await swap(journal, { clock, onFenced: () => assertLossBound(journal, writes, plan.lossRowsMax) }, signal)
  } catch (error) {
    await abandon(journal, messageOf(error))
    // A hook that fails afterwards does not undo what is live.
    if (journal.state.step === 'swapped') await writeReceipt(options.stateDirectory, { plan, state: journal.state, at: clock.now(), masks })
    throw error
  }
  await writeReceipt(options.stateDirectory, { plan, state: journal.state, at: clock.now(), masks })
  return journal.state
}

export function assertConfirmed(plan: RestorePlan, confirmed: string): void {
  if (confirmed === plan.system) return
  throw new Fault('CONFIRMATION_MISMATCH', `"${confirmed}" is not the system of the plan, which is "${plan.system}"`, {
    system: plan.system,
  })
}

/** The same plan, made again: anything that counts must still be so (DECISIONS "Stale plan"). */
export async function assertFresh(
  repository: Repository,
  { plan, order }: PlannedRestore,
  { instruments }: RunOptions,
  signal: AbortSignal,
): Promise<void> {
  if (repository.id !== plan.repositoryId) {
    throw new Fault('PLAN_STALE', 'the plan was made with another repository', { repository: repository.id })
  }
  const again = await makePlan(repository, order, { ...instruments, earlier: plan }, signal)
  if (again.digest === plan.digest && planDigest(plan) === plan.digest) return
  const changed = [
    ...again.databases.filter((now, index) => JSON.stringify(identityOf(now)) !== JSON.stringify(identityOf(plan.databases[index]))),
    ...again.roots.filter((now, index) => JSON.stringify(now.record.live) !== JSON.stringify(plan.roots[index]?.record.live)),
  ]
  const names = changed.map(({ name }) => name).join(', ') || 'the target'
  throw new Fault('PLAN_STALE', `${names} changed since the plan of ${plan.createdAt}`, { changed: names })
}

function identityOf(database: RestorePlan['databases'][number] | undefined) {
  return database && [database.record.systemIdentifier, database.record.liveOid, database.schemaFingerprint, database.roles]
}
