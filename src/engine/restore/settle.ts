import type { Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { recoverRoot } from '#engine/sources/files/swap.ts'
import type { DatabaseRecord } from '#engine/sources/postgres/database-record.ts'
import { databaseState, renameDatabases, unfenceDatabase, type DatabaseState } from '#engine/sources/postgres/swap.ts'
import type { RestoreJournal } from './journal.ts'

/**
 * Finishes or takes back a swap that stopped half-way, from the journal and from what is there, never by guessing
 * (SAFETY rule 3). Idempotent: a crash in here is settled by the next call. Fences are lifted either way.
 */
export async function settle(journal: RestoreJournal, clock: Clock): Promise<'swapped' | 'taken back'> {
  const direction = await decide(journal, clock)
  for (const record of journal.state.roots) await recoverRoot(record, direction)
  if (direction === 'forward') await renameTheRest(journal)
  for (const record of journal.state.databases) await unfenceDatabase(record)
  const databases = journal.state.databases.map((record) => ({ ...record, isFenced: false }))
  if (direction === 'back') {
    await journal.change({ databases, step: 'verified' })
    return 'taken back'
  }
  const now = clock.now()
  await journal.change({
    databases,
    step: 'swapped',
    swappedAt: journal.state.swappedAt ?? now.toISOString(),
    undoUntil: journal.state.undoUntil ?? new Date(now.getTime() + limits.undoWindowMs).toISOString(),
  })
  return 'swapped'
}

/** Databases on several servers switch one after the other; the journal decided for all of them. */
async function renameTheRest(journal: RestoreJournal): Promise<void> {
  for (const { name } of journal.state.databases) {
    const record = journal.state.databases.find((current) => current.name === name)
    if (!record || isSwapped(await databaseState(record))) continue
    await renameDatabases([record], { onPrepared: (xid) => journal.changeDatabase({ ...record, xid }) })
  }
}

async function decide(journal: RestoreJournal, clock: Clock): Promise<'forward' | 'back'> {
  const { databases, isDecided } = journal.state
  if (isDecided) return 'forward'
  const states: DatabaseState[] = []
  for (const record of databases) states.push(await settledState(record, clock))
  const foreign = databases.filter((_, index) => states[index] === 'foreign')
  const [first] = foreign
  if (first) {
    // The others are ours to open again, whatever happened to this one.
    for (const record of databases) if (!foreign.includes(record)) await unfenceDatabase(record)
    const { database } = first.live
    throw new Fault('RESTORE_TARGET_CHANGED', `database ${database} is neither as it was nor as the restore makes it`, { database })
  }
  return states.some(isSwapped) ? 'forward' : 'back'
}

/** Whoever died in the middle of the rename transaction leaves it running until the server notices. */
async function settledState(record: DatabaseRecord, clock: Clock): Promise<DatabaseState> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const state = await databaseState(record)
    if (state !== 'swapping') return state
    await clock.sleep(100)
  }
  throw new Fault('RESTORE_STATE', `the swap of database ${record.live.database} is still going on`, { name: record.name })
}

function isSwapped(state: DatabaseState): boolean {
  return state === 'swapped' || state === 'swapped-fenced' || state === 'released'
}
