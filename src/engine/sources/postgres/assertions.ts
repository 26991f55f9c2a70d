import { Fault } from '#base/fault.ts'
import type { Assertion } from '#base/settings.ts'
import { connect } from './connection.ts'
import type { DatabaseTarget } from './target.ts'

/** Runs one of the system's own statements in a restored database: one row with one true value, or RESTORE_VERIFY. */
export async function assertHolds(target: DatabaseTarget, assertion: Assertion, signal?: AbortSignal): Promise<void> {
  await using session = await connect(target, signal)
  await session.query('begin read only')
  const rows = await session.query(assertion.sql)
  const values = rows.flatMap((row) => Object.values(row))
  if (rows.length === 1 && values.length === 1 && values[0] === true) return
  throw new Fault('RESTORE_VERIFY', `the assertion "${assertion.name}" does not hold in the restored database`, {
    assertion: assertion.name,
    rows: rows.length,
  })
}
