import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { Fault, isFault, messageOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { Instruments } from '#engine/backup/order.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { removeDurably } from '#host/durable.ts'
import { lockTargets } from '#engine/restore/lock-targets.ts'
import { applyRows, type AppliedRows, type RowsOrder } from '#engine/sources/postgres/apply-rows.ts'
import { connect, type Connection } from '#engine/sources/postgres/connection.ts'
import { readReferenceGraph, type ReferenceGraph } from '#engine/sources/postgres/reference-graph.ts'
import { noticeLostClient, searchPathOf } from '#engine/sources/postgres/reading-session.ts'
import type { Direction, RowImages } from '#engine/sources/postgres/row-images.ts'
import { assertMayWriteRows } from '#engine/sources/postgres/row-privileges.ts'
import { whichDatabase } from '#engine/sources/postgres/server-identity.ts'
import { applySessionSettings } from '#engine/sources/postgres/session-settings.ts'
import { transactionStatus } from '#engine/sources/postgres/transaction-status.ts'
import {
  changeFolder,
  ChangeJournal,
  isUnfinishedChange,
  listChangeStates,
  readChangeState,
  type Applied,
  type ChangeState,
} from './change-journal.ts'
import { changeSetFile, readChangeSet, rowsOf, type ChangedTable, type ChangeSet } from './change-set.ts'
import { assertDecided } from './plan-change-set.ts'
import { RecordFiles, stageRecordFiles } from './file-steps.ts'
import { printTable } from './ownership.ts'

export interface ApplyOptions {
  readonly stateDirectory: string
  /** The name of the system, typed again. */
  readonly confirmed: string
  readonly instruments: Instruments
  /** Where the files of the record come from; a change set of rows alone does without. */
  readonly repository?: Repository | undefined
  /** The same change set was begun before, and came to nothing. */
  readonly isAgain?: boolean | undefined
  /** Asked when everything is written and proven, before the COMMIT; when it rejects, nothing was changed. */
  readonly confirmCommit?: (() => Promise<void>) | undefined
}

/**
 * Carries a change set out, once: in one transaction, with every other row of the database hashed before and after. Until its COMMIT
 * nothing is changed; afterwards the same document takes it back. Faults: ENTITY_POLICY, PLAN_USED, PLAN_STALE, those of `applyRows`.
 */
export async function applyChangeSet(from: string, options: ApplyOptions, signal: AbortSignal): Promise<ChangeState> {
  const { clock } = options.instruments
  const changeSet = await readChangeSet(from)
  assertDecided(changeSet)
  assertConfirmed(changeSet, options.confirmed)
  await using _locks = await lockRecord(changeSet, signal)
  const journal = await ChangeJournal.begin(options.stateDirectory, { from, changeSet, isAgain: options.isAgain }, clock.now())
  try {
    options.instruments.onProgress({ stage: 'stage' })
    await stageRecordFiles(options.repository, journal, signal)
    await write(journal, { direction: 'forward', step: 'writing', keep: (applied) => ({ applied }) }, options, signal)
  } catch (error) {
    await giveUp(journal, { clock, why: messageOf(error) })
    throw error
  }
  return journal.state
}

/** Takes a restore back where live rows still are as it left them; ENTITY_UNDO_CONFLICT, with nothing changed, where they are not. */
export async function undoChangeSet(id: string, options: ApplyOptions, signal: AbortSignal): Promise<ChangeState> {
  await using held = await openLocked(options.stateDirectory, id, signal)
  const { journal } = held
  assertConfirmed(journal.changeSet, options.confirmed)
  if (journal.state.step !== 'done')
    throw new Fault('RESTORE_STATE', `restore ${id} is ${journal.state.step}, so there is nothing to take back`, { restore: id })
  try {
    await write(journal, { direction: 'back', step: 'undoing', keep: (undone) => ({ undone }) }, options, signal)
  } catch (error) {
    await giveUp(journal, { clock: options.instruments.clock, why: messageOf(error) })
    throw error
  }
  return journal.state
}

/** Gives up the undo: what it would need is removed. What was proven of the restore stays in its journal, without a row or a key of anybody. */
export async function releaseChangeSet(id: string, { stateDirectory, confirmed }: Omit<ApplyOptions, 'instruments'>): Promise<ChangeState> {
  const state = await readChangeState(stateDirectory, id)
  assertConfirmed(state, confirmed)
  if (isUnfinishedChange(state))
    throw new Fault('RESTORE_STATE', `restore ${id} is ${state.step}: run \`integrum restore recover\` first`, { restore: id })
  const folder = changeFolder(stateDirectory, id)
  if (existsSync(path.join(folder, changeSetFile))) {
    const journal = await ChangeJournal.open(stateDirectory, id)
    await journal.change({ step: state.step === 'done' ? 'released' : state.step })
    const files = await RecordFiles.open(journal)
    await files.remove()
    // Until here all of it was whole, so that a release that is cut off can be done again.
    await removeDurably(path.join(folder, changeSetFile))
  }
  for (const part of ['rows', 'files']) await rm(path.join(folder, part), { recursive: true, force: true })
  return await readChangeState(stateDirectory, id)
}

/** Every change set that a crash left half-way: its transaction was committed, or nothing of it was. */
export async function recoverChangeSets(stateDirectory: string, clock: Clock, signal: AbortSignal): Promise<ChangeState[]> {
  const recovered: ChangeState[] = []
  for (const state of await listChangeStates(stateDirectory)) {
    if (!isUnfinishedChange(state)) continue
    recovered.push((await recoverChangeSet({ stateDirectory, clock, signal }, state.restore)).state)
  }
  return recovered
}

interface Recovering {
  readonly stateDirectory: string
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** One of them: where it was cut off, and where it stands now. RESTORE_NOT_FOUND; TARGET_BUSY while its own process still is. */
export async function recoverChangeSet({ stateDirectory, clock, signal }: Recovering, id: string) {
  await using held = await openLocked(stateDirectory, id, signal)
  const { journal } = held
  const before = journal.state.step
  await settleChange(journal, { clock, why: `it was interrupted at step "${before}"` }, signal)
  return { before, state: journal.state }
}

/** SAFETY rule 2: one restore at a time for each database and root, of a record or of everything, on this machine and on any other. */
async function lockRecord({ database, files }: ChangeSet, signal: AbortSignal): Promise<AsyncDisposable> {
  const { target, oid } = database
  return await lockTargets(
    { databases: [{ record: { live: target, liveOid: oid } }], roots: files.map(({ path: root }) => ({ record: { path: root } })) },
    signal,
  )
}

/** Read again under the lock: whoever held it before may have come to an end. */
async function openLocked(stateDirectory: string, id: string, signal: AbortSignal) {
  const { changeSet } = await ChangeJournal.open(stateDirectory, id)
  await using opening = new AsyncDisposableStack()
  opening.use(await lockRecord(changeSet, signal))
  const journal = await ChangeJournal.open(stateDirectory, id)
  const locks = opening.move()
  return { journal, [Symbol.asyncDispose]: () => locks.disposeAsync() }
}

interface Writing {
  readonly direction: Direction
  readonly step: 'writing' | 'undoing'
  readonly keep: (applied: Applied) => Partial<ChangeState>
}

async function write(journal: ChangeJournal, { direction, step, keep }: Writing, options: ApplyOptions, signal: AbortSignal) {
  const { changeSet } = journal
  const { instruments } = options
  instruments.onProgress({ stage: direction === 'forward' ? 'apply' : 'undo' })
  const goal = direction === 'forward' ? 'after' : 'before'
  const files = await RecordFiles.open(journal)
  files.assertStanding(direction === 'forward' ? 'before' : 'after')
  await using connection = await connectLive(changeSet, signal)
  const graph = await readReferenceGraph(connection)
  const order: RowsOrder = {
    tables: tablesOf(journal, graph),
    references: graph.references,
    names: connection.names,
    direction,
    triggers: changeSet.policy.triggers,
    hashKey: instruments.random.bytes(16),
    writtenBy: journal.state.writtenBy ?? undefined,
    onBegun: (xid) => journal.change({ step, xid, failure: null }),
    beforeCommit: async (applied) => {
      await journal.change({
        ...keep(appliedOf(applied, changeSet)),
        ...(direction === 'forward' && { writtenBy: applied.writtenBy ?? null }),
      })
      await options.confirmCommit?.()
      await files.placeNew(goal)
    },
  }
  await assertMayWriteRows(
    connection,
    order.tables.map(({ images }) => images.table),
  )
  await applyRows(connection, order, signal)
  await end(journal, { step, files, clock: instruments.clock })
}

/** The rows are committed, so the files follow, and nothing takes either back but an undo. */
async function end(journal: ChangeJournal, { step, files, clock }: { step: Writing['step']; files: RecordFiles; clock: Clock }) {
  const left = await files.finish(step === 'writing' ? 'after' : 'before')
  const notRestored = [...(step === 'writing' ? files.notes : []), ...left.map((path) => `${path}: something else stands there`)]
  if (step === 'undoing' && left.length === 0) await files.remove()
  await journal.change({ ...ended(step, clock), notRestored })
}

function ended(step: Writing['step'], clock: Clock): Partial<ChangeState> {
  if (step === 'undoing') return { step: 'undone' }
  const now = clock.now()
  return { step: 'done', doneAt: now.toISOString(), undoUntil: new Date(now.getTime() + limits.undoWindowMs).toISOString() }
}

/** Pinned to the server and database that were planned for, under the settings in which the rows were read. */
async function connectLive({ database }: ChangeSet, signal?: AbortSignal): Promise<Connection & { readonly names: string }> {
  await using opening = new AsyncDisposableStack()
  const connection = opening.use(await connect(database.target, signal))
  const { systemIdentifier, oid } = await whichDatabase(connection)
  if (systemIdentifier !== database.systemIdentifier || oid !== database.oid)
    throw new Fault('PLAN_STALE', `database ${database.target.database} is another one than that of the plan`, { name: database.name })
  const names = await searchPathOf(connection)
  await applySessionSettings(connection, database.sessionSettings)
  await noticeLostClient(connection)
  const opened = opening.move()
  return { ...connection, names, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

function tablesOf({ changeSet, folder }: ChangeJournal, graph: ReferenceGraph): RowsOrder['tables'] {
  const byName = new Map(graph.tables.map((table) => [printTable(table), table]))
  return changeSet.tables.flatMap((planned) => {
    const { file, inserts, updates, deletes } = planned
    if (file === null) return []
    const name = `${planned.schema}.${planned.table}`
    const table = byName.get(name)
    if (!table || !isAsPlanned(planned, table))
      throw new Fault('PLAN_STALE', `table ${name} is not as it was when the plan was made`, { table: name })
    return [{ images: { table, columns: planned.columns }, rows: () => rowsOf(folder, file), count: inserts + updates + deletes }]
  })
}

function isAsPlanned(planned: ChangedTable, { key, columns }: RowImages['table']): boolean {
  const written = columns.filter(({ isGenerated }) => !isGenerated)
  return (
    JSON.stringify(planned.key) === JSON.stringify(key?.map(({ name }) => name) ?? []) &&
    JSON.stringify(planned.columns.map(({ name, type }) => [name, type])) === JSON.stringify(written.map(({ name, type }) => [name, type]))
  )
}

function appliedOf({ rows, complement, effects, quietTriggers, sequences }: AppliedRows, { files }: ChangeSet): Applied {
  return {
    rows,
    files: files.reduce((sum, { adds, replaces, removes }) => sum + adds + replaces + removes, 0),
    complement,
    effects: effects.map((effect) => ({ ...effect })),
    quietTriggers: quietTriggers.map(({ schema, table, name }) => `${schema}.${table}.${name}`),
    sequences: sequences.map((sequence) => ({ ...sequence })),
  }
}

function assertConfirmed({ system }: Pick<ChangeSet, 'system'>, confirmed: string): void {
  if (confirmed === system) return
  throw new Fault('CONFIRMATION_MISMATCH', `"${confirmed}" is not the system of the plan, which is "${system}"`, { system })
}

/** Without the caller's signal: an abort is exactly when this must run. */
async function giveUp(journal: ChangeJournal, ending: Ending): Promise<void> {
  try {
    await settleChange(journal, ending)
  } catch (error) {
    // The journal stays unfinished and `recover` asks again; what went wrong first is what the caller is told.
    if (!isFault(error)) throw error
  }
}

interface Ending {
  readonly clock: Clock
  readonly why: string
}

/** What became of the transaction is known by the server alone; a journal that waits for it stays until it answers. */
async function settleChange(journal: ChangeJournal, { clock, why }: Ending, signal?: AbortSignal) {
  const { step, xid } = journal.state
  if (!isUnfinishedChange(journal.state)) return
  const isUndo = step === 'undoing'
  const files = await RecordFiles.open(journal)
  if (step !== 'prepared' && xid !== null) {
    await using connection = await connectLive(journal.changeSet, signal)
    if (await transactionStatus(connection, xid, clock)) return await end(journal, { step: isUndo ? 'undoing' : 'writing', files, clock })
  }
  // Nothing was committed: what was put in place is taken away again, and the files are as the rows are.
  await files.finish(isUndo ? 'after' : 'before')
  if (isUndo) return await journal.change({ step: 'done', failure: why })
  await files.remove()
  await journal.change({ step: 'abandoned', failure: why })
}
