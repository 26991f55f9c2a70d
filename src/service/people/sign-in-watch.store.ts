import { sql } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'

export interface Burst {
  readonly what: 'address' | 'account'
  /** The address, or the id of the account. */
  readonly who: string
  readonly name: string
  /** The most within one window. */
  readonly count: number
}

/** Who was refused `countLeast` times or more within a window of that length, wherever it lies since `since`. */
export async function refusedBursts(
  tx: Tx,
  { since, windowMs, countLeast }: { readonly since: Date; readonly windowMs: number; readonly countLeast: number },
): Promise<readonly Burst[]> {
  const { rows } = await sql<Burst>`
    with refused as (
      select at, address, subject_id, subject_name from audit_events
      where at > ${since} and outcome = 'refused' and facts ->> 'code' in ('SIGN_IN_REFUSED', 'REAUTHENTICATION', 'OIDC_REFUSED')
    ), counted as (
      select 'address' as what, address as who, address as name,
        count(*) over (partition by address order by at range between ${windowMs} * interval '1 ms' preceding and current row) as count
      from refused
      union all
      select 'account', subject_id, subject_name,
        count(*) over (partition by subject_id order by at range between ${windowMs} * interval '1 ms' preceding and current row)
      from refused where subject_id is not null
    )
    select what, who, max(name) as name, max(count) as count from counted group by what, who having max(count) >= ${countLeast}`.execute(tx)
  return rows
}
