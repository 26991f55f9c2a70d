import { quoteLiteral, quoteName, type Connection } from './connection.ts'
import type { DatabaseRecord } from './database-record.ts'
import type { DatabaseTarget } from './target.ts'
import { connectMaintenance } from './maintenance.ts'
import { placementOf } from './swap-placement.ts'

/** Marks a comment as a journal, so that a person's comment is never read as one. */
const journalPrefix = 'integrum restore journal, do not change:\n'

export interface JournalComment {
  readonly database: string
  readonly oid: number
  /** As `writeJournalComment` was given it. */
  readonly text: string
}

/**
 * SAFETY rule 4: writes the journal onto the staging and kept databases of a record, where they are by name and OID,
 * so that a recovery on another machine finds it. Their own comments stand in the record. The live database never bears it.
 */
export async function writeJournalComment(record: DatabaseRecord, journalText: string, signal?: AbortSignal): Promise<void> {
  await using session = await connectMaintenance([record.live], signal)
  const { stage, kept } = await placementOf(session, record)
  if (stage && stage.oid === record.stageOid) await putComment(session, stage.name, journalPrefix + journalText)
  if (kept && kept.oid === record.liveOid) await putComment(session, kept.name, journalPrefix + journalText)
}

/** Journals that stand on staging and kept databases of a server, by database name. */
export async function readJournalComments(target: DatabaseTarget, signal?: AbortSignal): Promise<JournalComment[]> {
  await using session = await connectMaintenance([target], signal)
  const rows = await session.query<{ database: string; oid: number; comment: string }>(
    `select d.datname as database, d.oid, c.description as comment
       from pg_database d join pg_shdescription c on c.objoid = d.oid and c.classoid = 'pg_database'::regclass
      where d.datname ~ '^integrum_(stage|kept)_[0-9a-f]{12}$' and starts_with(c.description, $1)
      order by d.datname`,
    [journalPrefix],
  )
  return rows.map(({ database, oid, comment }) => ({ database, oid, text: comment.slice(journalPrefix.length) }))
}

/** Inside the rename transaction: the journal moves from the candidate, which is about to be live, to the kept database. */
export async function moveJournalComment(session: Connection, comment: string | null, keptName: string): Promise<void> {
  if (comment?.startsWith(journalPrefix)) await putComment(session, keptName, comment)
}

async function putComment(session: Connection, database: string, comment: string): Promise<void> {
  await session.query(`comment on database ${quoteName(database)} is ${quoteLiteral(comment)}`)
}
