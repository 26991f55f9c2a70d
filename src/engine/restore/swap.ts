import type { Clock } from '#base/clock.ts'
import { limits } from '#base/limits.ts'
import { withHooks } from '#engine/hooks.ts'
import { exchangeRoot, prepareRoot } from '#engine/sources/files/swap.ts'
import { fenceDatabase, renameDatabases, unfenceDatabase } from '#engine/sources/postgres/swap.ts'
import { writeCopies } from './journal-copies.ts'
import type { RestoreJournal } from './journal.ts'
import { settle } from './settle.ts'

export interface SwapOptions {
  readonly clock: Clock
  /** Called with everything fenced and nothing renamed; a fault gives the swap up (SAFETY rule 25). */
  readonly onFenced?: () => Promise<void>
}

/**
 * Makes what is verified live, in the order of SAFETY rule 3: journal, stop hooks and fence, directories, ONE rename
 * transaction, unfence. On any failure the facts decide whether it is finished or taken back; the journal tells which.
 */
export async function swap(journal: RestoreJournal, options: SwapOptions, signal: AbortSignal): Promise<void> {
  await journal.change({ step: 'swapping' })
  await writeCopies(journal)
  try {
    await swapBetweenHooks(journal, options, signal)
  } catch (error) {
    // The hook before it failed: nothing is fenced, and settling finds that out.
    if (journal.state.step === 'swapping') await settle(journal, options.clock)
    throw error
  }
  await writeCopies(journal)
}

async function swapBetweenHooks(journal: RestoreJournal, options: SwapOptions, signal: AbortSignal): Promise<void> {
  const { beforeSwap, afterSwap } = journal.state.hooks
  let fencedAtMs = 0
  const occasion = { of: 'restore', system: journal.state.system, id: journal.state.restore } as const
  await withHooks({ before: beforeSwap, after: afterSwap, occasion }, signal, async () => {
    try {
      fencedAtMs = options.clock.monotonicMs()
      await fence(journal, options, signal)
      await options.onFenced?.()
      await exchangeRoots(journal)
      await renameAll(journal)
    } catch (error) {
      if ((await settle(journal, options.clock)) !== 'swapped') throw error
    }
    await unfence(journal)
    const now = options.clock.now()
    await journal.change({
      step: 'swapped',
      swappedAt: now.toISOString(),
      undoUntil: new Date(now.getTime() + limits.undoWindowMs).toISOString(),
      unreachableMs: Math.round(options.clock.monotonicMs() - fencedAtMs),
    })
  })
}

async function fence(journal: RestoreJournal, { clock }: SwapOptions, signal: AbortSignal): Promise<void> {
  for (const record of journal.state.databases) {
    // Announced before it happens: a fence that a crash leaves behind is found and lifted.
    await journal.changeDatabase({ ...record, isFenced: true })
    await fenceDatabase(record, { clock, knownStandbys: journal.state.standbys }, signal)
  }
}

/** Each record is completed and journaled before its directory moves: `recover` reads from it what was to move. */
async function exchangeRoots(journal: RestoreJournal): Promise<void> {
  for (const planned of journal.state.roots) {
    const record = await prepareRoot(planned)
    await journal.changeRoot(record)
    const { appeared } = await exchangeRoot(record)
    if (appeared.length > 0) await journal.change({ appeared: [...journal.state.appeared, ...appeared] })
  }
}

/** Databases of one server switch in one transaction, whose COMMIT decides; otherwise the journal's word does. */
async function renameAll(journal: RestoreJournal): Promise<void> {
  const servers = [...new Set(journal.state.databases.map(({ systemIdentifier }) => systemIdentifier))]
  if (servers.length !== 1) await journal.change({ isDecided: true })
  for (const server of servers) {
    const records = journal.state.databases.filter(({ systemIdentifier }) => systemIdentifier === server)
    await renameDatabases(records, {
      onPrepared: async (xid) => {
        await journal.change({
          databases: journal.state.databases.map((record) => (record.systemIdentifier === server ? { ...record, xid } : record)),
        })
      },
    })
  }
}

async function unfence(journal: RestoreJournal): Promise<void> {
  for (const record of journal.state.databases) {
    await unfenceDatabase(record)
    await journal.changeDatabase({ ...record, isFenced: false })
  }
}
