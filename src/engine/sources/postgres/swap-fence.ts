import { Fault, messageOf } from '#base/fault.ts'
import { quoteName, type Connection } from './connection.ts'
import type { DatabaseRecord } from './database-record.ts'
import { transact } from './maintenance.ts'
import { expectPlacement, type Placement } from './swap-placement.ts'
import { isStaging } from './swap-state.ts'

/** One transaction, so a crash leaves both open or both closed; asked again inside it whether they are ours. */
export async function closeBoth(session: Connection, record: DatabaseRecord): Promise<void> {
  await transact(session, async () => {
    if (record.liveOid !== null) await allowConnections(session, record.live.database, false)
    if (record.stageOid !== null) await allowConnections(session, record.stageName, false)
    await expectPlacement(session, record, 'before')
  })
}

/** Before the rename: live gets back what it had, and we may go on with staging. */
export async function reopen(session: Connection, record: DatabaseRecord, { kind, live, stage }: Placement): Promise<void> {
  await transact(session, async () => {
    if (live) await allowConnections(session, live.name, record.liveProperties?.allowConnections ?? true)
    if (stage && stage.oid === record.stageOid && isStaging(record)) await allowConnections(session, stage.name, true)
    await expectPlacement(session, record, kind)
  })
}

/** After the rename: what is live now is open to all that its grants let in. */
export async function openNewLive(session: Connection, record: DatabaseRecord, { kind }: Placement): Promise<void> {
  await transact(session, async () => {
    await allowConnections(session, record.live.database, true)
    await expectPlacement(session, record, kind)
  })
}

/** A failed fence is lifted; the fault that comes back says so if that failed as well. */
export async function liftedAfter(record: DatabaseRecord, error: unknown, lift: () => Promise<void>): Promise<unknown> {
  try {
    await lift()
    return error
  } catch (cause) {
    const fact = `database ${record.live.database} may still be closed: ${messageOf(cause)}, after ${messageOf(error)}`
    return new Fault('RESTORE_STATE', fact, { database: record.live.database }, { cause: new AggregateError([error, cause]) })
  }
}

async function allowConnections(session: Connection, database: string, isAllowed: boolean): Promise<void> {
  await session.query(`alter database ${quoteName(database)} with allow_connections ${isAllowed}`)
}
