import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Fault, messageOf } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { readJournalComments } from '#engine/sources/postgres/journal-comment.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import { isUnfinished, journalSchema, RestoreJournal, restoreFolder, type JournalState } from './journal.ts'

/**
 * SAFETY rule 4: takes up the journals of a machine that is gone, from the copies beside the roots and on the databases.
 * One that this state directory has already is left as it is. Returns those that are unfinished, for `recoverAll`.
 */
export async function adoptJournals(
  stateDirectory: string,
  places: { readonly files: readonly string[]; readonly servers: readonly DatabaseTarget[] },
  signal: AbortSignal,
): Promise<string[]> {
  const found: JournalState[] = []
  for (const file of places.files) found.push(parse(journalSchema, await readCopy(file), `journal ${file}`, 'RESTORE_STATE'))
  for (const server of places.servers) {
    for (const { database, text } of await readJournalComments(server, signal)) {
      found.push(parse(journalSchema, text, `journal on database ${database}`, 'RESTORE_STATE'))
    }
  }
  const adopted: string[] = []
  for (const state of found) {
    if (existsSync(restoreFolder(stateDirectory, state.restore))) continue
    await RestoreJournal.begin(stateDirectory, state)
    if (isUnfinished(state)) adopted.push(state.restore)
  }
  return adopted
}

async function readCopy(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Fault('RESTORE_NOT_FOUND', `the journal cannot be read: ${messageOf(cause)}`, { file }, { cause })
  }
}
