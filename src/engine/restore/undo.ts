import { messageOf } from '#base/fault.ts'
import type { Instruments } from '#engine/backup/order.ts'
import { undoRootRecord } from '#engine/sources/files/swap.ts'
import { standbysOf } from '#engine/sources/postgres/swap-checks.ts'
import { undoRecord } from '#engine/sources/postgres/swap.ts'
import { randomHex } from '#host/random.ts'
import { abandon } from './abandon.ts'
import { claimSwapped } from './claim-swapped.ts'
import { removeCopies } from './journal-copies.ts'
import { RestoreJournal, type JournalState } from './journal.ts'
import { countWrites, assertLossBound } from './loss.ts'
import type { RunOptions } from './order.ts'
import { swap } from './swap.ts'

export interface UndoOptions extends Pick<RunOptions, 'isAgain' | 'confirmSwap'> {
  /** Of the undo itself, which can be undone in its turn; a new one unless somebody has given it already. */
  readonly id?: string | undefined
  readonly stateDirectory: string
  readonly confirmed: string
  readonly lossRowsMax: number | null
  /** Told before anything is fenced: what exists now and would be gone (SAFETY rule 11). */
  readonly onLoss: (statement: readonly string[]) => void
  readonly instruments: Instruments
}

/**
 * Puts back what a restore replaced: the same swap with the kept state as its staging, under a journal of its own. What
 * is live now is kept for a new window, so an undo can be undone (SAFETY rule 11). Refused with RESTORE_TARGET_CHANGED
 * when the live or the kept state is not the one that the restore left.
 */
export async function undoRestore(id: string, options: UndoOptions, signal: AbortSignal): Promise<JournalState> {
  const { clock, random } = options.instruments
  await using claimed = await claimSwapped(id, options, signal)
  const { journal: done, locks } = claimed
  const { state } = done
  options.onLoss(lossOf(state))
  const databases = []
  for (const record of state.databases) {
    databases.push(await undoRecord(record, { keptName: `integrum_kept_${randomHex(random, 12)}` }, signal))
  }
  const roots = []
  for (const record of state.roots) roots.push(await undoRootRecord(record, { hex: randomHex(random, 12) }))
  const standbys = []
  for (const { live } of state.databases) standbys.push(...(await standbysOf(live, signal)))
  const journal = await RestoreJournal.begin(
    options.stateDirectory,
    {
      ...state,
      restore: options.id ?? random.uuid(),
      kind: 'undo',
      undoes: state.restore,
      createdAt: clock.now().toISOString(),
      step: 'verified',
      isDecided: false,
      databases,
      roots,
      standbys,
      safetyBackup: null,
      reason: null,
      rowsWrittenMeanwhile: null,
      appeared: [],
      swappedAt: null,
      unreachableMs: null,
      undoUntil: null,
      failure: null,
    },
    { isAgain: options.isAgain },
  )
  try {
    const writes = await countWrites(journal.state.databases, signal)
    await locks.confirm()
    await options.confirmSwap?.()
    await swap(journal, { clock, onFenced: () => assertLossBound(journal, writes, options.lossRowsMax) }, signal)
  } catch (error) {
    await abandon(journal, messageOf(error))
    throw error
  }
  await done.change({ step: 'undone' })
  await removeCopies(done)
  return journal.state
}

function lossOf({ databases, roots, swappedAt }: JournalState): string[] {
  const since = swappedAt ?? 'the restore'
  return [
    ...databases.map(({ live }) => `every change to rows of ${live.database} since ${since}; how many there are is not known`),
    ...roots.map(({ path }) => `every file below ${path} that was written since ${since}; how many there are is not known`),
  ]
}
