import { sql } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'

export interface ClockMark {
  readonly boot: string
  readonly elapsed_ms: number
  readonly mark: Date
}

/** One at a time, until the transaction ends. */
export async function lockMarks(tx: Tx): Promise<ClockMark[]> {
  await sql`select pg_advisory_xact_lock(hashtext('retention-clock'))`.execute(tx)
  return await readMarks(tx)
}

export async function readMarks(tx: Tx): Promise<ClockMark[]> {
  return await tx.selectFrom('retention_clock').selectAll().orderBy('mark', 'desc').execute()
}

export async function writeMark(tx: Tx, mark: ClockMark): Promise<void> {
  const { elapsed_ms, mark: at } = mark
  await tx
    .insertInto('retention_clock')
    .values({ ...mark, elapsed_ms })
    .onConflict((conflict) => conflict.column('boot').doUpdateSet({ elapsed_ms, mark: at }))
    .execute()
}

/** What earlier starts of machines have left. */
export async function removeMarks(tx: Tx, before: Date | undefined): Promise<void> {
  await tx
    .deleteFrom('retention_clock')
    .$if(before !== undefined, (rows) => rows.where('mark', '<', before!))
    .execute()
}

/** What the clock of the catalog's machine says, when that is another one; undefined when it is ours. */
export async function catalogTime(tx: Tx): Promise<Date | undefined> {
  const { rows } = await sql<{ now: Date; isElsewhere: boolean }>`
    select clock_timestamp() as now, coalesce(inet_server_addr() <> inet_client_addr(), false) as "isElsewhere"`.execute(tx)
  return rows[0]!.isElsewhere ? rows[0]!.now : undefined
}
