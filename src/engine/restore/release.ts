import { existsSync } from 'node:fs'
import { Fault } from '#base/fault.ts'
import { defaultSettings } from '#base/settings.ts'
import { backup } from '#engine/backup/backup.ts'
import { findBackup, openBackup } from '#engine/backup/backups.ts'
import type { Instruments } from '#engine/backup/order.ts'
import { verifyBackup } from '#engine/backup/verify-backup.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { changedSince, removeKept } from '#engine/sources/files/swap.ts'
import { closeKept, dropKept, openKept } from '#engine/sources/postgres/swap.ts'
import { claimSwapped } from './claim-swapped.ts'
import { removeCopies } from './journal-copies.ts'
import type { RestoreJournal, JournalState } from './journal.ts'

export interface ReleaseOptions {
  readonly stateDirectory: string
  readonly confirmed: string
  /** Why the replaced state is thrown away without a backup of it; undefined = back it up first. */
  readonly withoutBackup?: string | undefined
  readonly compressionLevel: number
  readonly instruments: Instruments
}

export interface Released {
  readonly state: JournalState
  /** Files in the old tree that somebody changed after the swap: they wrote to the wrong place (SAFETY rule 5). */
  readonly changedAfterSwap: readonly string[]
}

/**
 * Gives up the undo of a restore and frees its space. Rows written between safety backup and fence exist in the kept
 * state alone, so that is backed up and the backup read back before anything is dropped (SAFETY rule 10).
 */
export async function releaseRestore(repository: Repository, id: string, options: ReleaseOptions, signal: AbortSignal): Promise<Released> {
  await using claimed = await claimSwapped(id, options, signal)
  const { journal } = claimed
  const { state } = journal
  const changedAfterSwap: string[] = []
  for (const record of state.roots) {
    if (record.live !== null && state.swappedAt !== null)
      changedAfterSwap.push(...(await changedSince(record.keptPath, new Date(state.swappedAt), signal)))
  }
  if (options.withoutBackup === undefined) await backUpKept(repository, journal, options, signal)
  else await journal.change({ reason: options.withoutBackup })
  await journal.change({ step: 'releasing' })
  await finishRelease(journal)
  return { state: journal.state, changedAfterSwap }
}

/** Drops what was kept; also after a crash in the middle of it. */
export async function finishRelease(journal: RestoreJournal): Promise<void> {
  const { databases, roots } = journal.state
  for (const record of databases) if (record.liveOid !== null) await dropKept(record)
  for (const record of roots) if (record.live !== null) await removeKept(record)
  await removeCopies(journal)
  await journal.change({ step: 'released' })
}

async function backUpKept(repository: Repository, journal: RestoreJournal, options: ReleaseOptions, signal: AbortSignal): Promise<void> {
  const { state } = journal
  const databases = state.databases.filter(({ liveOid }) => liveOid !== null)
  const roots = state.roots.filter((record) => record.live !== null && existsSync(record.keptPath))
  if (databases.length + roots.length === 0) return
  await using opened = new AsyncDisposableStack()
  for (const record of databases) {
    await openKept(record)
    opened.defer(() => closeKept(record))
  }
  const made = await backup(
    repository,
    {
      system: state.system,
      description: `the state that restore ${state.restore} replaced`,
      purpose: 'release',
      databases: databases.map(({ name, live, keptName }) => ({ name, target: { ...live, database: keptName } })),
      roots: roots.map(({ name, keptPath }) => ({ name, path: keptPath })),
      settings: defaultSettings,
      compressionLevel: options.compressionLevel,
    },
    options.instruments,
    signal,
  )
  await repository.refreshIndex(signal)
  const found = await findBackup(repository, made.id, { now: options.instruments.clock.now() }, signal)
  const checked = await verifyBackup(
    repository,
    await openBackup(repository, found, signal),
    { isQuick: false, instruments: options.instruments },
    signal,
  )
  if (!checked.isIntact) {
    throw new Fault(
      'DAMAGE_BACKUP',
      `the backup ${made.id} of the replaced state is damaged in ${checked.findings.length} places, so nothing was dropped`,
      { backup: made.id },
    )
  }
  await journal.change({ releaseBackup: made.id })
}
