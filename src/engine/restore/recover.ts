import type { Clock } from '#base/clock.ts'
import { runHook } from '#engine/hooks.ts'
import { abandon } from './abandon.ts'
import { isUnfinished, listJournals, RestoreJournal, type JournalState } from './journal.ts'
import { lockTargets } from './lock-targets.ts'
import { finishRelease } from './release.ts'
import { settle } from './settle.ts'

export interface Recovered {
  readonly before: JournalState['step']
  readonly state: JournalState
}

/**
 * Finishes or takes back everything that a crash left half-way: before the swap its staging is removed, within it the
 * facts decide (`settle`). Afterwards each target is old or new, whole. Idempotent.
 */
export async function recoverAll(stateDirectory: string, clock: Clock, signal: AbortSignal): Promise<Recovered[]> {
  const recovered: Recovered[] = []
  for (const { state } of await listJournals(stateDirectory)) {
    if (isUnfinished(state)) recovered.push(await recoverOne({ stateDirectory, clock, signal }, state))
  }
  await endUndone(stateDirectory)
  return recovered
}

export interface Recovery {
  readonly stateDirectory: string
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** The same for one restore alone, while others may be under way beside it. TARGET_BUSY while its own process still is. */
export async function recoverRestore(recovery: Recovery, id: string): Promise<Recovered> {
  const { state } = await RestoreJournal.open(recovery.stateDirectory, id)
  const recovered = await recoverOne(recovery, state)
  await endUndone(recovery.stateDirectory)
  return recovered
}

/** A crash after an undo was live and before the restore it took back was told so. */
async function endUndone(stateDirectory: string): Promise<void> {
  const journals = await listJournals(stateDirectory)
  for (const { state } of journals) {
    if (state.kind !== 'undo' || isUnfinished(state) || state.step === 'abandoned') continue
    const undone = journals.find((journal) => journal.state.restore === state.undoes)
    if (undone?.state.step === 'swapped') await undone.change({ step: 'undone' })
  }
}

async function recoverOne({ stateDirectory, clock, signal }: Recovery, seen: JournalState): Promise<Recovered> {
  await using _locks = await lockTargets(
    { databases: seen.databases.map((record) => ({ record })), roots: seen.roots.map((record) => ({ record })) },
    signal,
  )
  // Read under the lock: whoever held it before may have come to an end.
  const journal = await RestoreJournal.open(stateDirectory, seen.restore)
  const before = journal.state.step
  if (isUnfinished(journal.state)) await finishOrTakeBack(journal, clock)
  return { before, state: journal.state }
}

async function finishOrTakeBack(journal: RestoreJournal, clock: Clock): Promise<void> {
  const { step, hooks, system, restore } = journal.state
  if (step === 'releasing') return await finishRelease(journal)
  if (step === 'swapping') {
    const outcome = await settle(journal, clock)
    // The crash came between stopping and starting; starting what runs already is the hook's own business.
    if (hooks.afterSwap) await runHook({ name: 'after', hook: hooks.afterSwap, occasion: { of: 'restore', system, id: restore } })
    if (outcome === 'swapped') return
  }
  await abandon(journal, `it was interrupted at step "${step}"`)
}
