import type { Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Connection } from './connection.ts'

/**
 * Was the transaction of that number committed? One whose client died goes on until the server notices, so it is waited for. Fault:
 * RESTORE_STATE when it is still going on, or so long ago that the server no longer knows (PostgreSQL, `pg_xact_status`).
 */
export async function transactionStatus(connection: Connection, xid: string, clock: Clock): Promise<boolean> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const [row] = await connection.query<{ status: string | null }>('SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8) AS status', [
      xid,
    ])
    if (row?.status === 'committed') return true
    if (row?.status === 'aborted') return false
    if (row?.status !== 'in progress')
      throw new Fault('RESTORE_STATE', `the server no longer knows what became of transaction ${xid}`, { xid })
    await clock.sleep(100)
  }
  throw new Fault('RESTORE_STATE', `transaction ${xid} is still going on`, { xid })
}
