import { existsSync } from 'node:fs'
import { cp, readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { Fault, errnoOf } from '#base/fault.ts'
import { isUuid } from '#base/ids.ts'
import { parse } from '#base/parse.ts'
import { hostFault, makeDirectoryDurably, renameDurably, replaceDurably, syncDirectory, syncFile } from '#host/durable.ts'
import { changeSetFile, readChangeSet, type ChangeSet } from './change-set.ts'

const count = z.number().int().min(0)

/**
 * Where a change set stands. In `writing` and `undoing` a transaction decides: whether it was committed is asked of the server by its
 * number (SAFETY rule 31).
 */
export const changeSteps = ['prepared', 'writing', 'done', 'undoing', 'undone', 'released', 'abandoned'] as const
export type ChangeStep = (typeof changeSteps)[number]

/** What was proven inside of the transaction, before it was committed. */
export const appliedSchema = z.object({
  rows: count,
  /** Every other row of so many tables, hashed before and after, and the same. */
  complement: z.object({ tables: count, rows: count }),
  effects: z.array(z.object({ table: z.string(), rowsAdded: count })),
  quietTriggers: z.array(z.string()),
  sequences: z.array(z.object({ sequence: z.string(), from: z.string(), to: z.string() })),
  /** Files that were put in place, moved away, or exchanged. */
  files: count,
})
export type Applied = z.infer<typeof appliedSchema>

export const changeJournalSchema = z.object({
  format: z.literal(1),
  kind: z.literal('change-set'),
  restore: z.uuid(),
  system: z.string(),
  backup: z.uuid(),
  digest: z.string(),
  createdAt: z.iso.datetime(),
  step: z.enum(changeSteps),
  xid: z.string().nullable(),
  /** `xmin` of what was inserted into tables without a key. */
  writtenBy: z.string().nullable().default(null),
  applied: appliedSchema.nullable(),
  undone: appliedSchema.nullable(),
  /** Files, by root and path, that could not be made as the backup has them, or at whose place something else stood: left alone. */
  notRestored: z.array(z.string()),
  doneAt: z.iso.datetime().nullable(),
  undoUntil: z.iso.datetime().nullable(),
  failure: z.string().nullable(),
})
export type ChangeState = z.infer<typeof changeJournalSchema>

/** The change set of a restore with where it stands, in a folder of the state directory; on disk before what it announces happens. */
export class ChangeJournal {
  readonly folder: string
  readonly changeSet: ChangeSet
  #state: ChangeState

  private constructor(folder: string, changeSet: ChangeSet, state: ChangeState) {
    this.folder = folder
    this.changeSet = changeSet
    this.#state = state
  }

  get state(): ChangeState {
    return this.#state
  }

  /**
   * Takes a copy of the change set to itself: whoever made it may remove theirs. PLAN_USED when it was begun already, unless that came to
   * nothing and `isAgain` says that the same one is meant.
   */
  static async begin(
    stateDirectory: string,
    { from, changeSet, isAgain = false }: { readonly from: string; readonly changeSet: ChangeSet; readonly isAgain?: boolean | undefined },
    now: Date,
  ): Promise<ChangeJournal> {
    const folder = changeFolder(stateDirectory, changeSet.restore)
    if (existsSync(folder)) await assertCameToNothing(stateDirectory, changeSet, isAgain)
    else {
      await makeDirectoryDurably(path.dirname(folder), 0o700)
      await copyDurably(from, folder)
    }
    const { restore, system, backup, digest } = changeSet
    const state: ChangeState = {
      format: 1,
      kind: 'change-set',
      restore,
      system,
      backup: backup.id,
      digest,
      createdAt: now.toISOString(),
      step: 'prepared',
      xid: null,
      writtenBy: null,
      applied: null,
      undone: null,
      notRestored: [],
      doneAt: null,
      undoUntil: null,
      failure: null,
    }
    const journal = new ChangeJournal(folder, changeSet, state)
    await journal.change({})
    return journal
  }

  /** RESTORE_NOT_FOUND; RESTORE_STATE for one that was released. */
  static async open(stateDirectory: string, id: string): Promise<ChangeJournal> {
    const state = await readChangeState(stateDirectory, id)
    const folder = changeFolder(stateDirectory, id)
    if (!existsSync(path.join(folder, changeSetFile)))
      throw new Fault('RESTORE_STATE', `restore ${id} is ${state.step}, and what it wrote is not kept any more`, { restore: id })
    return new ChangeJournal(folder, await readChangeSet(folder), state)
  }

  /** Replaces the journal durably; when it resolves, the change outlives a power cut. */
  async change(change: Partial<ChangeState>): Promise<void> {
    const next = { ...this.#state, ...change }
    await replaceDurably(path.join(this.folder, journalName), `${JSON.stringify(next, null, 2)}\n`, 0o600)
    this.#state = next
  }
}

const journalName = 'journal.json'

/** One that was cut off before it had a journal, or that was given up with nothing written, may begin anew. */
async function assertCameToNothing(stateDirectory: string, { restore, digest }: ChangeSet, isAgain: boolean): Promise<void> {
  const used = new Fault('PLAN_USED', `restore ${restore} was begun already`, { restore })
  if (!isAgain) throw used
  if (!isChangeSet(stateDirectory, restore)) return
  const { state } = await ChangeJournal.open(stateDirectory, restore)
  if (state.step !== 'abandoned' || state.digest !== digest) throw used
}

/** Where one stands, without its change set. RESTORE_NOT_FOUND. */
export async function readChangeState(stateDirectory: string, id: string): Promise<ChangeState> {
  const file = path.join(changeFolder(stateDirectory, id), journalName)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    throw new Fault('RESTORE_NOT_FOUND', `there is no restore ${id} in ${stateDirectory}`, { restore: id }, { cause: error })
  }
  return parse(changeJournalSchema, text, `journal ${file}`, 'RESTORE_STATE')
}

/** Is there a change set of this restore? */
export function isChangeSet(stateDirectory: string, id: string): boolean {
  return isUuid(id) && existsSync(path.join(changeFolder(stateDirectory, id), journalName))
}

/** Every journal of a change set in the state directory, oldest first. */
export async function listChangeStates(stateDirectory: string): Promise<ChangeState[]> {
  const folder = path.join(stateDirectory, 'change-sets')
  if (!existsSync(folder)) return []
  const ids = (await readdir(folder)).filter((name) => isChangeSet(stateDirectory, name))
  const states = await Promise.all(ids.map((id) => readChangeState(stateDirectory, id)))
  return states.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt))
}

/** Neither done nor given up: what `restore recover` is for. */
export function isUnfinishedChange({ step }: Pick<ChangeState, 'step'>): boolean {
  return step === 'prepared' || step === 'writing' || step === 'undoing'
}

export function changeFolder(stateDirectory: string, id: string): string {
  return path.join(stateDirectory, 'change-sets', id)
}

/** Under another name until all of it is on disk. */
async function copyDurably(from: string, to: string): Promise<void> {
  const making = `${to}.making`
  try {
    await cp(from, making, { recursive: true, force: true, errorOnExist: false })
    for (const name of await readdir(making, { recursive: true, withFileTypes: true })) {
      const place = path.join(name.parentPath, name.name)
      if (name.isDirectory()) await syncDirectory(place)
      else await syncFile(place)
    }
    await syncDirectory(making)
  } catch (error) {
    throw hostFault(error, `cannot keep the change set in ${to}`)
  }
  await renameDurably(making, to)
}
