import path from 'node:path'
import { Fault } from '#base/fault.ts'
import { removeDurably, replaceDurably } from '#host/durable.ts'
import type { RootRecord } from '#engine/sources/files/root-record.ts'
import { writeJournalComment } from '#engine/sources/postgres/journal-comment.ts'
import { printJournal, type RestoreJournal } from './journal.ts'

/** SAFETY rule 4: the journal also stands beside each root and on the databases, for a recovery from another machine. */
export async function writeCopies(journal: RestoreJournal): Promise<void> {
  const text = printJournal(journal.state)
  for (const record of journal.state.roots) await replaceDurably(journalCopy(record), text, 0o600)
  for (const record of journal.state.databases) await writeJournalComment(record, text)
}

/** A copy that says less than the journal would have somebody recover what is settled. Comments go with their databases. */
export async function removeCopies(journal: RestoreJournal): Promise<void> {
  for (const record of journal.state.roots) await removeDurably(journalCopy(record))
}

/** Named by the kept directory: an undo stages what its restore kept, and the two must not share a file. */
function journalCopy({ keptPath, name }: RootRecord): string {
  const hex = /\.integrum-([0-9a-f]{12})-/.exec(path.basename(keptPath))?.[1]
  if (hex === undefined) throw new Fault('RESTORE_STATE', `the path of what is kept, ${keptPath}, is not one of ours`, { root: name })
  return path.join(path.dirname(keptPath), `.integrum-${hex}-journal`)
}
