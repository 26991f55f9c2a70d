import type { Clock } from '#base/clock.ts'
import { runHook } from '#engine/hooks.ts'
import { abandon } from './abandon.ts'
import { isUnfinished, listJournals, type JournalState, type RestoreJournal } from './journal.ts'
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
  for (const journal of await listJournals(stateDirectory)) {
    if (!isUnfinished(journal.state)) continue
    const before = journal.state.step
    await recoverOne(journal, clock, signal)
    recovered.push({ before, state: journal.state })
  }
  await endUndone(stateDirectory)
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

async function recoverOne(journal: RestoreJournal, clock: Clock, signal: AbortSignal): Promise<void> {
  const { databases, roots, step, hooks, system, restore } = journal.state
  await using _locks = await lockTargets(
    { databases: databases.map((record) => ({ record })), roots: roots.map((record) => ({ record })) },
    signal,
  )
  if (step === 'releasing') return await finishRelease(journal)
  if (step === 'swapping') {
    const outcome = await settle(journal, clock)
    // The crash came between stopping and starting; starting what runs already is the hook's own business.
    if (hooks.afterSwap) await runHook({ name: 'after', hook: hooks.afterSwap, occasion: { of: 'restore', system, id: restore } })
    if (outcome === 'swapped') return
  }
  await abandon(journal, `it was interrupted at step "${step}"`)
}
