import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { printDuration } from '#base/units.ts'
import type { RepositoryCore } from './core.ts'

/**
 * The time to delete by (SAFETY rule 29): ours and the storage's must agree, and neither may have jumped. What it is held
 * against is the newest file of the repository, which the storage dated itself: a clock that is ahead of it by more than
 * any week without a backup, or behind it, lets safety backups and grace periods run out in a moment. RETENTION_CLOCK,
 * unless somebody has looked and says why with `clockReason`.
 */
export async function trustedTime(
  core: RepositoryCore,
  { clockReason }: { readonly clockReason?: string | undefined },
  signal?: AbortSignal,
): Promise<Date> {
  const now = await agreedTime(core, signal)
  const mark = clockReason === undefined ? await highWaterMark(core, signal) : undefined
  if (mark === undefined) return now
  const aheadMs = now.getTime() - mark.getTime()
  if (aheadMs >= -limits.clockToleranceMs && aheadMs <= limits.clockJumpMsMax) return now
  const fact = `the newest file of the repository is ${printDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'old' : 'ahead of the clocks'}`
  throw new Fault('RETENTION_CLOCK', fact, { now: now.toISOString(), newest: mark.toISOString() })
}

/** A clock that jumped ahead makes good backups look old and expires what protects safety backups. */
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

async function highWaterMark(core: RepositoryCore, signal?: AbortSignal): Promise<Date | undefined> {
  let newest: Date | undefined
  for (const folder of ['snapshots', 'index'] as const) {
    for await (const { modifiedAt } of core.storage.list(folder, signal)) if (!newest || modifiedAt > newest) newest = modifiedAt
  }
  return newest
}
