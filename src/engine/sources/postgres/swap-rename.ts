import assert from 'node:assert/strict'
import { Fault } from '#base/fault.ts'
import { quoteName, type Connection } from './connection.ts'
import type { DatabaseRecord } from './database-record.ts'
import { moveJournalComment } from './journal-comment.ts'
import { expectPlacement } from './swap-placement.ts'
import { applyProperties } from './swap-properties.ts'

/** What stands before COMMIT in the rename transaction. `beside` is a session of its own. Resolves with the transaction's xid. */
export async function renameAll(session: Connection, beside: Connection, records: readonly DatabaseRecord[]): Promise<string> {
  await session.query("set local synchronous_commit = on; set local lock_timeout = '5s'")
  for (const record of records) await renameOne(session, record)
  // Asked again inside the transaction: names were quoted whole, and what they meant is what the journal means.
  for (const record of records) await expectPlacement(session, record, 'after')
  const [row] = await session.query<{ xid: string }>('select pg_current_xact_id()::text as xid')
  assert(row, 'a transaction that has written has an xid')
  await outliveCrash(beside)
  return row.xid
}

async function renameOne(session: Connection, record: DatabaseRecord): Promise<void> {
  const { live, stage } = await expectPlacement(session, record, 'before')
  const open = [live, stage].find((database) => database?.allowConnections)
  if (open) throw new Fault('RESTORE_STATE', `database ${open.name} is not fenced`, { database: open.name })
  await applyProperties(session, record)
  if (live) await rename(session, live.name, record.keptName)
  if (stage) await rename(session, stage.name, record.live.database)
  if (live) await moveJournalComment(session, stage?.comment ?? null, record.keptName)
}

async function rename(session: Connection, from: string, to: string): Promise<void> {
  await session.query(`alter database ${quoteName(from)} rename to ${quoteName(to)}`)
}

/**
 * After a crash a server gives an xid out again whose traces had not reached the disk, and the journal would then cite a
 * stranger's transaction. A commit of another session flushes the log up to itself, and with it what ours wrote.
 */
async function outliveCrash(beside: Connection): Promise<void> {
  await beside.query("select pg_logical_emit_message(true, 'integrum', 'rename prepared')")
}
