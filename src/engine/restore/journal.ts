import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { Fault, errnoOf } from '#base/fault.ts'
import { isUuid, type RestoreId } from '#base/ids.ts'
import { parse } from '#base/parse.ts'
import { hookSchema } from '#base/settings.ts'
import { makeDirectoryDurably, replaceDurably } from '#host/durable.ts'
import { rootRecordSchema, type RootRecord } from '#engine/sources/files/root-record.ts'
import { databaseRecordSchema, type DatabaseRecord } from '#engine/sources/postgres/database-record.ts'

/**
 * Where a restore stands. `swapping` is the only step in which live names may be half changed; what decides it is the
 * COMMIT of the rename transaction, or `isDecided` where there is none or more than one (SAFETY rule 3).
 */
export const restoreSteps = [
  'prepared',
  'staging',
  'verified',
  'swapping',
  'swapped',
  'releasing',
  'released',
  'undone',
  'abandoned',
] as const
export type RestoreStep = (typeof restoreSteps)[number]

const count = z.number().int().min(0)

export const journalSchema = z.object({
  format: z.literal(1),
  restore: z.uuid(),
  /** An undo is a restore whose staging is what an earlier one kept; abandoning it drops nothing. */
  kind: z.enum(['restore', 'undo']),
  undoes: z.uuid().nullable(),
  system: z.string(),
  backup: z.uuid(),
  repositoryId: z.string(),
  manifestChecksum: z.string(),
  planDigest: z.string(),
  createdAt: z.iso.datetime(),
  step: z.enum(restoreSteps),
  isDecided: z.boolean(),
  databases: z.array(databaseRecordSchema),
  roots: z.array(rootRecordSchema),
  /** Hot standbys that were seen and named; another one stops the swap (SAFETY rule 9). */
  standbys: z.array(z.string()),
  /** Kept here so that a recovery elsewhere restarts what was stopped. */
  hooks: z.object({ beforeSwap: hookSchema.optional(), afterSwap: hookSchema.optional() }),
  safetyBackup: z.uuid().nullable(),
  /** Why there is no safety backup, as the operator stated it. */
  reason: z.string().nullable(),
  /** Rows written to the live database between the plan's run and the fence: they exist in the kept database alone. */
  rowsWrittenMeanwhile: z.number().nullable(),
  /** Paths that somebody made in the gap of a swap that is not atomic: kept, and where (SAFETY rule 6). */
  appeared: z.array(z.string()),
  /** What this machine or user could not put back, by path. */
  notRestored: z.array(z.string()),
  /** What came out otherwise than in the original, by database (INV-548). */
  notes: z.array(z.string()).default([]),
  verified: z.object({ tables: count, rows: count, files: count, bytes: count }).nullable(),
  swappedAt: z.iso.datetime().nullable(),
  unreachableMs: z.number().nullable(),
  undoUntil: z.iso.datetime().nullable(),
  releaseBackup: z.uuid().nullable(),
  failure: z.string().nullable(),
})
export type JournalState = z.infer<typeof journalSchema>

/** A journal that is on disk before what it announces happens. */
export class RestoreJournal {
  readonly file: string
  #state: JournalState

  private constructor(file: string, state: JournalState) {
    this.file = file
    this.#state = state
  }

  get state(): JournalState {
    return this.#state
  }

  /**
   * Writes the first state. PLAN_USED when a restore of that id exists already: a plan is carried out once. One that was
   * cut off and taken back by recovery may be begun `again`.
   */
  static async begin(
    stateDirectory: string,
    state: JournalState,
    again?: { readonly isAgain: boolean | undefined },
  ): Promise<RestoreJournal> {
    const file = journalFile(stateDirectory, state.restore)
    if (existsSync(file) && !(again?.isAgain && (await isTakenBack(stateDirectory, state))))
      throw new Fault('PLAN_USED', `restore ${state.restore} was begun already`, { restore: state.restore })
    await makeDirectoryDurably(path.dirname(file))
    const journal = new RestoreJournal(file, state)
    await journal.change({})
    return journal
  }

  static async open(stateDirectory: string, id: string): Promise<RestoreJournal> {
    if (!isUuid(id)) throw new Fault('RESTORE_NOT_FOUND', `"${id}" is not the id of a restore`, { restore: id })
    const file = journalFile(stateDirectory, id)
    try {
      return new RestoreJournal(file, parse(journalSchema, await readFile(file, 'utf8'), `journal ${file}`, 'RESTORE_STATE'))
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
      throw new Fault('RESTORE_NOT_FOUND', `there is no restore ${id} in ${stateDirectory}`, { restore: id }, { cause: error })
    }
  }

  /** Replaces the journal durably; when it resolves, the change outlives a power cut. */
  async change(change: Partial<JournalState>): Promise<void> {
    const next = { ...this.#state, ...change }
    await replaceDurably(this.file, printJournal(next))
    this.#state = next
  }

  async changeDatabase(changed: DatabaseRecord): Promise<void> {
    await this.change({ databases: this.#state.databases.map((record) => (record.name === changed.name ? changed : record)) })
  }

  async changeRoot(changed: RootRecord): Promise<void> {
    await this.change({ roots: this.#state.roots.map((record) => (record.name === changed.name ? changed : record)) })
  }
}

async function isTakenBack(stateDirectory: string, { restore, planDigest, kind }: JournalState): Promise<boolean> {
  const { state } = await RestoreJournal.open(stateDirectory, restore)
  return state.step === 'abandoned' && state.planDigest === planDigest && state.kind === kind
}

export function printJournal(state: JournalState): string {
  return `${JSON.stringify(state, null, 2)}\n`
}

/** Every journal in the state directory, oldest first. */
export async function listJournals(stateDirectory: string): Promise<RestoreJournal[]> {
  const folder = path.join(stateDirectory, 'restores')
  if (!existsSync(folder)) return []
  const ids = (await readdir(folder)).filter((name) => isUuid(name) && existsSync(journalFile(stateDirectory, name)))
  const journals = await Promise.all(ids.map((id) => RestoreJournal.open(stateDirectory, id)))
  return journals.toSorted((a, b) => a.state.createdAt.localeCompare(b.state.createdAt))
}

/** Steps in which a restore is neither done nor given up: what `restore recover` is for. */
export function isUnfinished({ step }: JournalState): boolean {
  return step === 'prepared' || step === 'staging' || step === 'verified' || step === 'swapping' || step === 'releasing'
}

export function restoreFolder(stateDirectory: string, id: RestoreId | string): string {
  return path.join(stateDirectory, 'restores', id)
}

function journalFile(stateDirectory: string, id: string): string {
  return path.join(restoreFolder(stateDirectory, id), 'journal.json')
}
