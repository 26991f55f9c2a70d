import { sql, type Selectable } from 'kysely'
import { boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { RepositoryRow } from '#service/catalog/tables.ts'
import type { CatalogCopyRow, SpaceSampleRow } from '#service/health/health-tables.ts'

export type SpaceSample = Selectable<SpaceSampleRow>
export type StoredRepository = Selectable<RepositoryRow>

export async function repositoriesInUse(tx: Tx, page?: { readonly page: number; readonly pageSize: number }): Promise<StoredRepository[]> {
  let chosen = tx.selectFrom('repositories').selectAll().where('retired_at', 'is', null).orderBy('name').orderBy('id')
  if (page) {
    const { limit, offset } = boundsOf(page)
    chosen = chosen.limit(limit).offset(offset)
  }
  return await chosen.execute()
}

export async function countRepositories(tx: Tx): Promise<number> {
  const { total } = await tx
    .selectFrom('repositories')
    .where('retired_at', 'is', null)
    .select((select) => select.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  return total
}

/** Oldest first. */
export async function samplesOf(tx: Tx, ids: readonly string[], since: Date): Promise<SpaceSample[]> {
  if (ids.length === 0) return []
  return await tx
    .selectFrom('space_samples')
    .selectAll()
    .where('repository_id', 'in', [...ids])
    .where('day', '>=', since)
    .orderBy('day')
    .execute()
}

export async function newestSample(tx: Tx, repositoryId: string): Promise<SpaceSample | undefined> {
  return await tx
    .selectFrom('space_samples')
    .selectAll()
    .where('repository_id', '=', repositoryId)
    .orderBy('day', 'desc')
    .executeTakeFirst()
}

/** The last look of a day is the one that stays. */
export async function keepSample(tx: Tx, sample: SpaceSampleRow): Promise<void> {
  const { repository_id: _, tenant_id: __, day: ___, ...seen } = sample
  await tx
    .insertInto('space_samples')
    .values(sample)
    .onConflict((conflict) => conflict.columns(['repository_id', 'day']).doUpdateSet(seen))
    .execute()
}

/** A job that writes or removes much has ended since. */
export async function hasChangedSince(tx: Tx, repositoryId: string, since: Date): Promise<boolean> {
  const run = await tx
    .selectFrom('runs')
    .select('id')
    .where('repository_id', '=', repositoryId)
    .where('kind', 'in', ['backup', 'import', 'remove', 'restore'])
    .where('ended_at', '>', since)
    .limit(1)
    .executeTakeFirst()
  return run !== undefined
}

/** Of each repository: what its backups hold, and the largest that one of the last added beside the first of its kind. */
export async function usesOfSpace(tx: Tx, ids: readonly string[]): Promise<Map<string, { logicalBytes: number; largestBytes: number }>> {
  const { rows } = await sql<{ repository_id: string; logical: number; largest: number }>`
    with present as (
      select repository_id, file_size_bytes as logical, file_size_compressed as stored,
        row_number() over (partition by repository_id, system_id, type order by created_at) as number,
        row_number() over (partition by repository_id, system_id, type order by created_at desc) as age
      from backups
      where repository_id = any (${ids}::uuid[]) and status in ('completed', 'completed_with_gaps') and removed_at is null and missing_at is null)
    select repository_id, coalesce(sum(logical), 0)::bigint as logical,
      coalesce(max(stored) filter (where number > 1 and age <= 10), 0)::bigint as largest
    from present group by repository_id`.execute(tx)
  return new Map(rows.map(({ repository_id: id, logical, largest }) => [id, { logicalBytes: logical, largestBytes: largest }]))
}

/** What backups of one kind stored in one repository, the newest first. */
export async function storedBefore(
  tx: Tx,
  {
    systemId,
    type,
    repositoryId,
  }: { readonly systemId: string; readonly type: 'full' | 'database' | 'files'; readonly repositoryId: string },
): Promise<{ readonly later: readonly number[]; readonly first: number | null }> {
  const rows = await tx
    .selectFrom('backups')
    .select('file_size_compressed as stored')
    .where('system_id', '=', systemId)
    .where('repository_id', '=', repositoryId)
    .where('type', '=', type)
    .where('status', 'in', ['completed', 'completed_with_gaps'])
    .where('file_size_compressed', 'is not', null)
    .orderBy('created_at', 'desc')
    .limit(latest)
    .execute()
  const stored = rows.map((row) => row.stored!)
  return { later: stored.length < latest ? stored.slice(0, -1) : stored, first: stored.at(-1) ?? null }
}

const latest = 10

export async function catalogCopiesIn(tx: Tx, ids: readonly string[]): Promise<Selectable<CatalogCopyRow>[]> {
  if (ids.length === 0) return []
  return await tx
    .selectFrom('catalog_copies')
    .selectAll()
    .where('repository_id', 'in', [...ids])
    .execute()
}
