import assert from 'node:assert/strict'
import { throwIfCancelled, type Clock } from '#base/clock.ts'
import { Fault, messageOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { sqlStateOf } from './connection.ts'
import { databaseProperties, stagePropertiesOf } from './database-properties.ts'
import type { DatabaseRecord } from './database-record.ts'
import { connectMaintenance, transact } from './maintenance.ts'
import { expectSwappable } from './swap-checks.ts'
import { closeBoth, liftedAfter, openNewLive, reopen } from './swap-fence.ts'
import { closeAsItWas, dropByOid, letUsAloneIn } from './swap-kept.ts'
import { expectPlacement, outcomeOf, placementFault, placementOf } from './swap-placement.ts'
import { renameAll } from './swap-rename.ts'
import { endPresent, endSessions } from './swap-sessions.ts'
import { stateOf, type DatabaseState } from './swap-state.ts'
import type { DatabaseTarget } from './target.ts'

export type { DatabaseState }

export interface FenceOptions {
  readonly clock: Clock
  /** How long sessions may take to end. */
  readonly timeoutMs?: number
  /** Standbys that the plan listed (`standbysOf`); another one is refused (SAFETY rule 9). */
  readonly knownStandbys?: readonly string[]
}

/**
 * Keeps everybody out of the live and the staging database, superusers included, and ends who is in. The caller has
 * journaled that it will. Checks first and refuses with nothing touched: RESTORE_TARGET_CHANGED,
 * RESTORE_SERVER_RESTARTED, DATABASE_PRIVILEGE, _PREPARED_TRANSACTIONS, _REPLICATION_SLOTS, _SESSIONS,
 * RESTORE_ROLE_MISSING. On any later failure, time-out and abort the fence is lifted again.
 * Resolves with the number of sessions ended.
 */
export async function fenceDatabase(record: DatabaseRecord, options: FenceOptions, signal?: AbortSignal): Promise<{ ended: number }> {
  await using session = await connectMaintenance([record.live], signal)
  await expectPlacement(session, record, 'before')
  await expectSwappable(session, record, options.knownStandbys ?? [])
  try {
    await closeBoth(session, record)
    const timeoutMs = options.timeoutMs ?? limits.fenceTimeoutMs
    return { ended: await endSessions(session, oidsOf(record), { clock: options.clock, timeoutMs }, signal) }
  } catch (error) {
    throw await liftedAfter(record, error, () => unfenceDatabase(record))
  }
}

export interface RenameOptions {
  /** Journals the xid durably. COMMIT follows only once it has resolved; a rejection rolls everything back. */
  onPrepared(xid: string): Promise<void>
}

/**
 * The swap itself: live → kept, candidate → live, with its properties, for all records of ONE server in ONE transaction
 * (SAFETY rule 3; ALTER DATABASE RENAME is transactional, POSTGRES §4). Everything is fenced still afterwards. When it
 * rejects, `databaseState` tells whether the server had committed. RESTORE_STATE when a fence is missing,
 * RESTORE_TARGET_CHANGED when an OID or name is not the record's, DATABASE_SESSIONS when a session will not leave.
 */
export async function renameDatabases(records: readonly DatabaseRecord[], options: RenameOptions, signal?: AbortSignal): Promise<void> {
  assert.equal(new Set(records.map(({ systemIdentifier }) => systemIdentifier)).size, 1, 'one transaction is on one server')
  const targets = records.map(({ live }) => live)
  await using session = await connectMaintenance(targets, signal)
  await using beside = await connectMaintenance(targets, signal)
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transact(session, async () => {
        await options.onPrepared(await renameAll(session, beside, records))
        throwIfCancelled(signal)
      })
    } catch (error) {
      // object_in_use: somebody had passed the door just before it closed; lock_not_available: somebody holds the database.
      const state = sqlStateOf(error)
      if (state !== '55006' && state !== '55P03') throw error
      if (attempt >= limits.renameAttemptsMax) throw new Fault('DATABASE_SESSIONS', messageOf(error), { attempt }, { cause: error })
      await endPresent(session, records.flatMap(oidsOf))
    }
  }
}

/**
 * Opens what is live to everybody again, with the properties it shall have; what is kept stays closed. Does nothing when
 * nothing is fenced, so it can be repeated. RESTORE_STATE while the rename transaction runs, RESTORE_TARGET_CHANGED.
 */
export async function unfenceDatabase(record: DatabaseRecord): Promise<void> {
  await using session = await connectMaintenance([record.live])
  const outcome = await outcomeOf(session, record.xid)
  const placement = await placementOf(session, record)
  const state = stateOf(record, placement, outcome)
  if (state === 'foreign') throw placementFault(record, placement)
  if (state === 'swapping') throw new Fault('RESTORE_STATE', `the swap of database ${record.live.database} is still going on`)
  if (state === 'fenced') await reopen(session, record, placement)
  if (state === 'swapped-fenced') await openNewLive(session, record, placement)
}

/** What recovery asks (SAFETY rule 3). Changes nothing. */
export async function databaseState(record: DatabaseRecord): Promise<DatabaseState> {
  await using session = await connectMaintenance([record.live])
  // The outcome first: a transaction that has ended does not change the names any more.
  const outcome = await outcomeOf(session, record.xid)
  return stateOf(record, await placementOf(session, record), outcome)
}

/**
 * The record that swaps back what `record` has swapped: its kept database is the candidate, today's live one will be
 * kept under `keptName`, a fresh name, so that an undo can be undone in the same way (SAFETY rule 11). Reads only; fence,
 * rename and unfence carry it out. RESTORE_TARGET_CHANGED when an OID, a name or the server is not as `record` left it.
 */
export async function undoRecord(
  record: DatabaseRecord,
  { keptName }: { keptName: string },
  signal?: AbortSignal,
): Promise<DatabaseRecord> {
  const state = await databaseState(record)
  if (state !== 'swapped') {
    const code = state === 'foreign' || state === 'released' ? 'RESTORE_TARGET_CHANGED' : 'RESTORE_STATE'
    throw new Fault(code, `database ${record.live.database} is not as the restore left it, but ${state}`, { state })
  }
  await using session = await connectMaintenance([record.live], signal)
  const { live } = await expectPlacement(session, record, 'after')
  const properties = live && (await databaseProperties(session, live.name))
  return {
    ...record,
    candidate: record.liveOid === null ? 'nothing' : 'kept',
    liveOid: record.stageOid,
    stageName: record.keptName,
    stageOid: record.liveOid,
    keptName,
    // What was kept was never verified; nobody could write to it since the fence.
    verifiedUnderStart: null,
    liveProperties: properties && stagePropertiesOf(properties, (role) => role),
    // Without a database to come back these are put onto nothing.
    stageProperties: record.liveProperties ?? record.stageProperties,
    isFenced: false,
    xid: null,
  }
}

/**
 * Lets us alone into the kept database, so that it can be backed up before it is released (SAFETY rule 10): superusers,
 * and the role of the target. Resolves with where it is. `closeKept` ends it.
 */
export async function openKept(record: DatabaseRecord, signal?: AbortSignal): Promise<DatabaseTarget> {
  await using session = await connectMaintenance([record.live], signal)
  await transact(session, async () => {
    await expectPlacement(session, record, 'after')
    await letUsAloneIn(session, record.keptName)
  })
  return { ...record.live, database: record.keptName }
}

/** Nobody gets into the kept database any more; who is in is told to end. It is again what an undo would bring back. */
export async function closeKept(record: DatabaseRecord, signal?: AbortSignal): Promise<void> {
  await using session = await connectMaintenance([record.live], signal)
  await transact(session, async () => {
    await expectPlacement(session, record, 'after')
    await closeAsItWas(session, record)
  })
  if (record.liveOid !== null) await endPresent(session, [record.liveOid])
}

/**
 * Drops the kept database, and with it the undo: only a name of ours with the journal's OID on the journal's server,
 * and only beside the database that replaced it (SAFETY rule 1). Already gone is fine. RESTORE_TARGET_CHANGED.
 */
export async function dropKept(record: DatabaseRecord, signal?: AbortSignal): Promise<void> {
  await using session = await connectMaintenance([record.live], signal)
  const placement = await placementOf(session, record)
  if (placement.kind === 'dropped') return
  if (placement.kind !== 'after') throw placementFault(record, placement)
  if (placement.kept) await dropByOid(session, record.keptName, placement.kept.oid)
}

function oidsOf(record: DatabaseRecord): number[] {
  return [record.liveOid, record.stageOid].filter((oid) => oid !== null)
}
