import type { Selectable } from 'kysely'
import { boundsOf, anywhere } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { RepositoryRow } from '#service/catalog/tables.ts'

export type StoredRepository = Selectable<RepositoryRow>

export interface RepositoryUse {
  readonly backups: number
  readonly systems: readonly { readonly id: string; readonly name: string }[]
}

export interface RepositoryQuery {
  readonly page: number
  readonly pageSize: number
  readonly search?: string | undefined
  readonly withRetired: boolean
}

export async function listRepositories(tx: Tx, query: RepositoryQuery): Promise<{ rows: StoredRepository[]; total: number }> {
  let chosen = tx.selectFrom('repositories')
  if (!query.withRetired) chosen = chosen.where('retired_at', 'is', null)
  if (query.search) chosen = chosen.where('name', 'like', anywhere(query.search.toLowerCase()))
  const { limit, offset } = boundsOf(query)
  const { total } = await chosen.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  return { rows: await chosen.selectAll().orderBy('name').orderBy('id').limit(limit).offset(offset).execute(), total }
}

export async function findRepository(tx: Tx, id: string): Promise<StoredRepository | undefined> {
  return await tx.selectFrom('repositories').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function lockRepository(tx: Tx, id: string): Promise<StoredRepository | undefined> {
  return await tx.selectFrom('repositories').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

export async function isNameTaken(tx: Tx, tenantId: string, name: string): Promise<boolean> {
  return (
    (await tx.selectFrom('repositories').select('id').where('tenant_id', '=', tenantId).where('name', '=', name).executeTakeFirst()) !==
    undefined
  )
}

export async function insertRepository(
  tx: Tx,
  row: {
    readonly id: string
    readonly tenantId: string
    readonly name: string
    readonly place: string
    readonly repositoryId: string
    readonly passwordSealed: Buffer
    readonly state: unknown
    readonly at: Date
  },
): Promise<StoredRepository> {
  return await tx
    .insertInto('repositories')
    .values({
      id: row.id,
      tenant_id: row.tenantId,
      name: row.name,
      place: row.place,
      repository_id: row.repositoryId,
      password_sealed: row.passwordSealed,
      created_at: row.at,
      changed_at: row.at,
      state: JSON.stringify(row.state),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function changeRepository(
  tx: Tx,
  id: string,
  change: {
    readonly name?: string
    readonly quotaBytes?: number | null
    readonly passwordSealed?: Buffer
    readonly retiredAt?: Date
    readonly at: Date
  },
): Promise<StoredRepository> {
  return await tx
    .updateTable('repositories')
    .set({
      changed_at: change.at,
      ...(change.name !== undefined && { name: change.name }),
      ...(change.quotaBytes !== undefined && { quota_bytes: change.quotaBytes }),
      ...(change.passwordSealed && { password_sealed: change.passwordSealed }),
      ...(change.retiredAt && { retired_at: change.retiredAt }),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Adds to what is known of it; the rest of its state stays. */
export async function patchState(tx: Tx, id: string, patch: Readonly<Record<string, unknown>>): Promise<void> {
  const row = await lockRepository(tx, id)
  if (!row) return
  await tx
    .updateTable('repositories')
    .set({ state: JSON.stringify({ ...row.state, ...patch }) })
    .where('id', '=', id)
    .execute()
}

/** What each of these repositories is for. */
export async function usesOf(tx: Tx, ids: readonly string[]): Promise<Map<string, RepositoryUse>> {
  const uses = new Map<string, { backups: number; systems: { id: string; name: string }[] }>(
    ids.map((id) => [id, { backups: 0, systems: [] }]),
  )
  if (ids.length === 0) return uses
  const backups = await tx
    .selectFrom('backups')
    .select(['repository_id as id', (select) => select.fn.countAll<number>().as('count')])
    .where('repository_id', 'in', [...ids])
    .where('status', 'in', ['completed', 'completed_with_gaps'])
    .where('deleted_at', 'is', null)
    .groupBy('repository_id')
    .execute()
  for (const { id, count } of backups) uses.get(id)!.backups = count
  const systems = await tx
    .selectFrom('systems')
    .select(['repository_id as repositoryId', 'id', 'name'])
    .where('repository_id', 'in', [...ids])
    .where('retired_at', 'is', null)
    .orderBy('name')
    .execute()
  for (const { repositoryId, id, name } of systems) uses.get(repositoryId)!.systems.push({ id, name })
  return uses
}
