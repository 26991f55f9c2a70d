import { Fault } from '#base/fault.ts'
import { printCount } from '#base/units.ts'
import type { DatabaseRecord } from '#engine/sources/postgres/database-record.ts'
import { rowsWritten } from '#engine/sources/postgres/rows-written.ts'
import type { RestoreJournal } from './journal.ts'

/** Rows that each live database has written so far, by the server's own statistics. */
export async function countWrites(records: readonly DatabaseRecord[], signal?: AbortSignal): Promise<ReadonlyMap<string, bigint>> {
  const counts = new Map<string, bigint>()
  for (const record of records) counts.set(record.name, await rowsWritten(record, signal))
  return counts
}

/**
 * SAFETY rules 10 and 25: counted again once nobody can write any more. Rows written since the safety backup exist in
 * the kept database alone; more of them than the operator allowed, and the swap is given up.
 */
export async function assertLossBound(journal: RestoreJournal, before: ReadonlyMap<string, bigint>, rowsMax: number | null): Promise<void> {
  const after = await countWrites(journal.state.databases)
  const written = [...after].reduce((sum, [name, count]) => sum + (count - (before.get(name) ?? 0n)), 0n)
  await journal.change({ rowsWrittenMeanwhile: Number(written) })
  if (rowsMax === null || written <= BigInt(rowsMax)) return
  throw new Fault(
    'RESTORE_LOSS',
    `${printCount(Number(written))} rows were written since the restore began, ${printCount(rowsMax)} were allowed`,
    {
      written: Number(written),
      rowsMax,
    },
  )
}
