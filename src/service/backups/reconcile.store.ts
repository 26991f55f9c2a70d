import { sql, type Selectable } from 'kysely'
import type { Tx } from '#service/catalog/scope.ts'
import type { BackupRow, RepositoryRow } from '#service/catalog/tables.ts'

export type KnownBackup = Pick<
  Selectable<BackupRow>,
  'id' | 'name' | 'status' | 'snapshot' | 'standing' | 'completed_at' | 'removed_at' | 'missing_at'
> & {
  /** A job is making or removing it. */
  readonly hasOpenRun: boolean
}

/** Backups of a repository, as the catalog has them. */
export async function knownIn(tx: Tx, repositoryId: string): Promise<Map<string, KnownBackup>> {
  const rows = await tx
    .selectFrom('backups')
    .select(['id', 'name', 'status', 'snapshot', 'standing', 'completed_at', 'removed_at', 'missing_at'])
    .select((select) =>
      select
        .exists(
          select
            .selectFrom('runs')
            .select('runs.id')
            .where((where) =>
              where.or([where('runs.id', '=', where.ref('backups.run_id')), where('runs.id', '=', where.ref('backups.removal_run_id'))]),
            )
            .where('runs.status', 'in', ['pending', 'in_progress']),
        )
        .as('hasOpenRun'),
    )
    .where('repository_id', '=', repositoryId)
    .execute()
  return new Map(rows.map(({ hasOpenRun, ...row }) => [row.id, { ...row, hasOpenRun: Boolean(hasOpenRun) }]))
}

/** One at a time, until the transaction ends. */
export async function lockReconciliation(tx: Tx, repositoryId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('reconcile'), hashtext(${repositoryId}))`.execute(tx)
}

export async function repositoriesInUse(tx: Tx): Promise<Selectable<RepositoryRow>[]> {
  return await tx.selectFrom('repositories').selectAll().where('retired_at', 'is', null).orderBy('created_at').execute()
}
