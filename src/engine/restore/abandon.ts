import { removeStage } from '#engine/sources/files/swap.ts'
import { discardStage } from '#engine/sources/postgres/stage.ts'
import { removeCopies, writeCopies } from './journal-copies.ts'
import type { RestoreJournal } from './journal.ts'

/**
 * Gives up a restore that never went live: removes its staging, by name, OID and inode as the journal has them, and
 * says why. One that is swapped, or whose swap could not be settled, is left for `recover`; so is what an undo brings
 * back, which is the kept state and nobody's to remove.
 */
export async function abandon(journal: RestoreJournal, failure: string): Promise<void> {
  const { step, kind, databases, roots } = journal.state
  if (step === 'swapping' || step === 'swapped' || step === 'abandoned') return
  if (kind === 'restore') {
    for (const record of databases) await discardStage(record)
    for (const record of roots) await removeStage(record)
  }
  await journal.change({ step: 'abandoned', failure })
  if (kind === 'restore') await removeCopies(journal)
  else await writeCopies(journal)
}
