import { Fault } from '#base/fault.ts'
import { RestoreJournal } from './journal.ts'
import { lockTargets, type TargetLocks } from './lock-targets.ts'

export interface ClaimedRestore extends AsyncDisposable {
  readonly journal: RestoreJournal
  readonly locks: TargetLocks
}

export interface Claim {
  readonly stateDirectory: string
  /** The name of the system, typed again. */
  readonly confirmed: string
}

/**
 * Claims the targets of a restore that is live, so that it can be undone or released. RESTORE_NOT_FOUND, RESTORE_STATE
 * when it is at another step, CONFIRMATION_MISMATCH, TARGET_BUSY.
 */
export async function claimSwapped(id: string, { stateDirectory, confirmed }: Claim, signal: AbortSignal): Promise<ClaimedRestore> {
  const { system, databases, roots } = (await RestoreJournal.open(stateDirectory, id)).state
  if (confirmed !== system) {
    throw new Fault('CONFIRMATION_MISMATCH', `"${confirmed}" is not the system of the restore, which is "${system}"`, { system })
  }
  const targets = { databases: databases.map((record) => ({ record })), roots: roots.map((record) => ({ record })) }
  await using claimed = new AsyncDisposableStack()
  const locks = claimed.use(await lockTargets(targets, signal))
  // Read under the lock: whoever held it before may have undone or released this very restore.
  const journal = await RestoreJournal.open(stateDirectory, id)
  const { step } = journal.state
  if (step !== 'swapped')
    throw new Fault('RESTORE_STATE', `restore ${id} is ${step}, and only one that is live can be undone or released`, { restore: id, step })
  const held = claimed.move()
  return { journal, locks, [Symbol.asyncDispose]: () => held.disposeAsync() }
}
