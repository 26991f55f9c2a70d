import { Fault, isFault } from '#base/fault.ts'
import { readChangeState, type ChangeState } from '#engine/entities/change-journal.ts'
import { RestoreJournal, type JournalState } from '#engine/restore/journal.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { enterFound } from '#service/backups/found.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { FaultRecord } from '#service/catalog/tables.ts'
import type { House } from '#service/house.ts'
import type { Outcome, Run } from '#service/jobs/job-kind.ts'
import { restoredRecords } from '#service/jobs/work/restored-records.ts'
import { restoredOf, type Restored } from '#service/jobs/work/restored.ts'
import { knownRepository } from '#service/repositories/repositories.ts'
import { knownPlan } from './plans.ts'
import { tellBegun, tellEnded, tellFailed } from './restore-notices.ts'
import { knownRestore, stateDirectoryOf } from './restores.ts'
import { updateRestore, type StoredRestore } from './restores.store.ts'

export async function noteRestoreBegun(house: House, tx: Tx, id: string): Promise<void> {
  const before = await knownRestore(tx, id)
  await updateRestore(tx, id, { status: 'in_progress', started_at: house.clock.now() })
  // Each attempt begins; people are told of the first.
  if (before.started_at === null) await tellBegun(house, tx, before)
}

/** In the transaction that ends the run: what came of it, the backups that it made, and the event. */
export async function settleRestore(
  house: House,
  tx: Tx,
  { run, outcome }: { readonly run: Run; readonly outcome: Outcome<Restored> },
): Promise<void> {
  const row = await knownRestore(tx, run.subjectId!)
  const restored = outcome.kind === 'completed' ? outcome.output : await wentLive(house, row)
  if (restored) return await noteRestored(house, tx, { row, restored, run })
  const fault = outcome.kind === 'failed' ? outcome.fault : null
  const status = outcome.kind === 'failed' ? 'failed' : 'cancelled'
  await updateRestore(tx, row.id, { status, fault: fault === null ? null : JSON.stringify(fault), completed_at: house.clock.now() })
  if (fault) await tellFailed(house, tx, { row, code: fault.code, hint: fault.hint })
  // Of one that never began nobody was told.
  else if (row.started_at !== null) await tellEnded(house, tx, { row, how: 'cancelled' })
  await record(house, tx, { row, what: status, facts: { runId: run.id, ...(fault && { code: fault.code, fact: fault.fact }) } })
}

/** A worker that was lost too often to say so may have made it live: the journal knows. */
async function wentLive(house: House, row: StoredRestore): Promise<Restored | undefined> {
  if (row.kind === 'release') return undefined
  if (row.extent === 'records') return await wentLiveRecords(house, row)
  const state = await journalState(house, row.id)
  return state?.step === 'swapped' ? restoredOf(state, []) : undefined
}

async function wentLiveRecords(house: House, { id, kind, of_restore_id: of }: StoredRestore): Promise<Restored | undefined> {
  const state = await changeState(house, kind === 'undo' ? of! : id)
  return state?.step === (kind === 'undo' ? 'undone' : 'done') ? restoredRecords(state) : undefined
}

export async function changeState(house: House, id: string): Promise<ChangeState | undefined> {
  try {
    return await readChangeState(stateDirectoryOf(house), id)
  } catch (error) {
    if (isFault(error, 'RESTORE_NOT_FOUND')) return undefined
    throw error
  }
}

export async function journalState(house: House, id: string): Promise<JournalState | undefined> {
  try {
    return (await RestoreJournal.open(stateDirectoryOf(house), id)).state
  } catch (error) {
    if (isFault(error, 'RESTORE_NOT_FOUND')) return undefined
    throw error
  }
}

interface Noted {
  readonly row: StoredRestore
  readonly restored: Restored
  readonly run: Pick<Run, 'id' | 'createdBy'>
}

async function noteRestored(house: House, tx: Tx, { row, restored, run }: Noted): Promise<void> {
  const at = house.clock.now()
  await enterMade(house, tx, { row, restored, run })
  const { safetyBackupId, undoUntil, results } = restored
  await updateRestore(tx, row.id, {
    status: statusOf(restored),
    completed_at: at,
    safety_backup_id: safetyBackupId,
    undo_until: row.kind === 'release' || undoUntil === null ? null : new Date(undoUntil),
    validation_results: JSON.stringify(results),
    fault: null,
  })
  if (row.kind === 'undo') await updateRestore(tx, row.of_restore_id!, { undone_at: at })
  if (row.kind === 'release') await updateRestore(tx, row.of_restore_id!, { released_at: at })
  await tellEnded(house, tx, { row, how: statusOf(restored) })
  await record(house, tx, {
    row,
    what: 'completed',
    facts: { runId: run.id, safetyBackupId, verified: results.verified ?? null, unreachableMs: results.unreachableMs ?? null, undoUntil },
  })
}

export function statusOf({ results }: Restored): 'completed' | 'completed_with_gaps' {
  return (results.notRestored?.length ?? 0) > 0 || results.hookFault ? 'completed_with_gaps' : 'completed'
}

async function enterMade(house: House, tx: Tx, { row, restored, run }: Noted): Promise<void> {
  if (restored.made.length === 0) return
  const repository = await knownRepository(tx, (await knownPlan(tx, row.plan_id!)).repository_id)
  for (const { startedAt, ...made } of restored.made) {
    await enterFound(
      tx,
      { ...made, startedAt: new Date(startedAt) },
      {
        tenantId: row.tenant_id,
        repository,
        systemName: row.system_name,
        createdBy: { id: row.restored_by_id, name: row.restored_by },
        runId: run.id,
        at: house.clock.now(),
      },
    )
  }
}

/** Of one that was found live, let go or taken back when the service started. */
export async function noteRecovered(
  house: House,
  tx: Tx,
  { row, state }: { readonly row: StoredRestore; readonly state: JournalState },
): Promise<void> {
  if (state.step === 'swapped') {
    const run = { id: row.run_id ?? row.id, createdBy: { id: row.restored_by_id, name: row.restored_by } }
    return await noteRestored(house, tx, { row, restored: restoredOf(state, []), run })
  }
  if (state.step === 'released') await updateRestore(tx, row.id, { released_at: house.clock.now() })
  else if (row.status === 'pending' || row.status === 'in_progress') {
    const fault = takenBack(state)
    await updateRestore(tx, row.id, { status: 'failed', fault: JSON.stringify(fault), completed_at: house.clock.now() })
    await tellFailed(house, tx, { row, code: fault.code, hint: fault.hint })
  }
  await record(house, tx, { row, what: 'recovered', facts: { step: state.step } })
}

/** The same of single records: `row` is of their restore, whether that was cut off or its undoing. */
export async function noteRecoveredRecords(
  house: House,
  tx: Tx,
  { row, state }: { readonly row: StoredRestore; readonly state: ChangeState },
): Promise<void> {
  const isOpen = row.status !== 'completed' && row.status !== 'completed_with_gaps'
  if (state.step === 'done' && isOpen) {
    const run = { id: row.run_id ?? row.id, createdBy: { id: row.restored_by_id, name: row.restored_by } }
    return await noteRestored(house, tx, { row, restored: restoredRecords(state), run })
  }
  if (state.step === 'undone') await updateRestore(tx, row.id, { undone_at: house.clock.now() })
  else if (row.status === 'pending' || row.status === 'in_progress') {
    const fault = takenBack(state)
    await updateRestore(tx, row.id, { status: 'failed', fault: JSON.stringify(fault), completed_at: house.clock.now() })
    await tellFailed(house, tx, { row, code: fault.code, hint: fault.hint })
  }
  await record(house, tx, { row, what: 'recovered', facts: { step: state.step } })
}

function takenBack({ step, failure }: { readonly step: string; readonly failure: string | null }): FaultRecord {
  const fault = new Fault('RESTORE_STATE', `it was interrupted, and is ${step} now: ${failure ?? 'recovery settled it'}`)
  return { code: fault.code, fact: fault.message, hint: 'The system is as it was before; plan the restore again.' }
}

async function record(
  house: House,
  tx: Tx,
  { row, what, facts }: { readonly row: StoredRestore; readonly what: string; readonly facts: Record<string, unknown> },
): Promise<void> {
  await recordSystemEvent(tx, house, {
    action: `${row.kind}.${what}`,
    tenantId: row.tenant_id,
    subject: { kind: 'restore', id: row.id, name: row.system_name },
    reason: row.reason,
    facts: { backupId: row.backup_id, ...facts },
  })
}
