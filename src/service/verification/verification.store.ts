import { sql, type Insertable, type Selectable, type Updateable } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'
import type { RepositoryReadingRow, RepositoryShareRow } from './verification-tables.ts'

export type StoredReading = Selectable<RepositoryReadingRow>
export type StoredShare = Selectable<RepositoryShareRow>

/** Of repositories that are new, or older than this: read from a day after they were made. */
export async function insertLackingReadings(tx: Tx, { everyDays, now }: { readonly everyDays: number; readonly now: Date }): Promise<void> {
  await tx
    .insertInto('repository_readings')
    .columns(['repository_id', 'tenant_id', 'is_active', 'every_days', 'due_at', 'changed_at'])
    .expression((query) =>
      query
        .selectFrom('repositories')
        .select((select) => [
          'repositories.id',
          'repositories.tenant_id',
          select.lit(true).as('is_active'),
          select.lit(everyDays).as('every_days'),
          sql<Date>`repositories.created_at + interval '1 day'`.as('due_at'),
          select.val(now).as('changed_at'),
        ])
        .where('retired_at', 'is', null),
    )
    .onConflict((conflict) => conflict.column('repository_id').doNothing())
    .execute()
}

export async function findReading(tx: Tx, repositoryId: string): Promise<StoredReading | undefined> {
  return await tx.selectFrom('repository_readings').selectAll().where('repository_id', '=', repositoryId).executeTakeFirst()
}

/** Its new settings; one that waits, or goes on, stays as it is. */
export async function saveReading(tx: Tx, reading: Insertable<RepositoryReadingRow>): Promise<void> {
  const { is_active, every_days, changed_at } = reading
  await tx
    .insertInto('repository_readings')
    .values(reading)
    .onConflict((conflict) => conflict.column('repository_id').doUpdateSet({ is_active, every_days, changed_at }))
    .execute()
}

export async function updateReading(tx: Tx, repositoryId: string, change: Updateable<RepositoryReadingRow>): Promise<void> {
  await tx.updateTable('repository_readings').set(change).where('repository_id', '=', repositoryId).execute()
}

/** Those of repositories in use whose time has come; each is held until the transaction ends, and passed over by others. */
export async function lockDueReadings(
  tx: Tx,
  { now, rowsMax }: { readonly now: Date; readonly rowsMax: number },
): Promise<(StoredReading & { readonly name: string })[]> {
  return await tx
    .selectFrom('repository_readings')
    .innerJoin('repositories', 'repositories.id', 'repository_readings.repository_id')
    .selectAll('repository_readings')
    .select('repositories.name')
    .where('is_active', '=', true)
    .where('due_at', '<=', now)
    .where('run_id', 'is', null)
    .where('repositories.retired_at', 'is', null)
    .orderBy('due_at')
    .limit(rowsMax)
    .forUpdate('repository_readings')
    .skipLocked()
    .execute()
}

/** Of every number of shares that it was ever read in. */
export async function sharesOf(tx: Tx, repositoryId: string): Promise<StoredShare[]> {
  return await tx.selectFrom('repository_shares').selectAll().where('repository_id', '=', repositoryId).orderBy('share').execute()
}

export async function saveShare(tx: Tx, share: StoredShare): Promise<void> {
  const { read_at, read_bytes, is_intact } = share
  await tx
    .insertInto('repository_shares')
    .values(share)
    .onConflict((conflict) => conflict.columns(['repository_id', 'shares', 'share']).doUpdateSet({ read_at, read_bytes, is_intact }))
    .execute()
}

/** All that was read in another number of shares. */
export async function removeOtherShares(tx: Tx, repositoryId: string, shares: number): Promise<void> {
  await tx.deleteFrom('repository_shares').where('repository_id', '=', repositoryId).where('shares', '!=', shares).execute()
}

/** After every byte was read at once. */
export async function markSharesRead(tx: Tx, repositoryId: string, at: Date): Promise<void> {
  await tx.updateTable('repository_shares').set({ read_at: at, is_intact: true }).where('repository_id', '=', repositoryId).execute()
}
