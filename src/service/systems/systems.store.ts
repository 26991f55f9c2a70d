import type { Selectable } from 'kysely'
import { anywhere, boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { SystemRow } from '#service/catalog/tables.ts'
import type { SystemSettings } from '#base/settings.ts'
import type { SystemTest } from '#contract/systems.ts'

export type StoredSystem = Selectable<SystemRow>

/** A system with the name of its repository, and which of its databases have a password. */
export interface ListedSystem extends StoredSystem {
  readonly repositoryName: string
  readonly passwords: readonly string[]
}

export interface SystemQuery {
  readonly page: number
  readonly pageSize: number
  readonly search?: string | undefined
  readonly withRetired: boolean
}

export async function listSystems(tx: Tx, query: SystemQuery): Promise<{ rows: ListedSystem[]; total: number }> {
  let chosen = tx.selectFrom('systems')
  if (!query.withRetired) chosen = chosen.where('retired_at', 'is', null)
  if (query.search) {
    const pattern = anywhere(query.search)
    chosen = chosen.where((either) => either.or([either('name', 'ilike', pattern), either('title', 'ilike', pattern)]))
  }
  const { limit, offset } = boundsOf(query)
  const { total } = await chosen.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await chosen.selectAll().orderBy('name').orderBy('id').limit(limit).offset(offset).execute()
  return { rows: await withNames(tx, rows), total }
}

export async function findSystem(tx: Tx, id: string): Promise<StoredSystem | undefined> {
  return await tx.selectFrom('systems').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function lockSystem(tx: Tx, id: string): Promise<StoredSystem | undefined> {
  return await tx.selectFrom('systems').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

export async function withNames(tx: Tx, rows: readonly StoredSystem[]): Promise<ListedSystem[]> {
  if (rows.length === 0) return []
  const repositories = await tx
    .selectFrom('repositories')
    .select(['id', 'name'])
    .where('id', 'in', [...new Set(rows.map((row) => row.repository_id))])
    .execute()
  const secrets = await tx
    .selectFrom('system_secrets')
    .select(['system_id as systemId', 'name'])
    .where(
      'system_id',
      'in',
      rows.map(({ id }) => id),
    )
    .execute()
  return rows.map((row) => ({
    ...row,
    repositoryName: repositories.find(({ id }) => id === row.repository_id)?.name ?? '',
    passwords: secrets.filter(({ systemId }) => systemId === row.id).map(({ name }) => name),
  }))
}

export interface SystemValues {
  readonly title: string
  readonly description: string
  readonly repositoryId: string
  readonly databases: readonly { readonly name: string; readonly url: string }[]
  readonly roots: readonly { readonly name: string; readonly path: string }[]
  readonly settings: SystemSettings
  readonly requiresSecondApprover: boolean
}

export async function insertSystem(
  tx: Tx,
  { id, tenantId, name, at }: { readonly id: string; readonly tenantId: string; readonly name: string; readonly at: Date },
  values: SystemValues,
): Promise<StoredSystem> {
  return await tx
    .insertInto('systems')
    .values({ id, tenant_id: tenantId, name, created_at: at, changed_at: at, ...columnsOf(values) })
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function updateSystem(
  tx: Tx,
  { id, at }: { readonly id: string; readonly at: Date },
  values: SystemValues,
): Promise<StoredSystem> {
  return await tx
    .updateTable('systems')
    .set({ changed_at: at, ...columnsOf(values) })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

function columnsOf(values: SystemValues) {
  return {
    title: values.title,
    description: values.description,
    repository_id: values.repositoryId,
    databases: JSON.stringify(values.databases),
    roots: JSON.stringify(values.roots),
    settings: JSON.stringify(values.settings),
    requires_second_approver: values.requiresSecondApprover,
  }
}

export async function markRetired(tx: Tx, id: string, at: Date): Promise<StoredSystem> {
  return await tx
    .updateTable('systems')
    .set({ retired_at: at, changed_at: at })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function saveTest(tx: Tx, id: string, test: SystemTest): Promise<void> {
  await tx
    .updateTable('systems')
    .set({ last_test: JSON.stringify(test) })
    .where('id', '=', id)
    .execute()
}

export async function openRunsOf(tx: Tx, systemId: string): Promise<readonly string[]> {
  const rows = await tx
    .selectFrom('runs')
    .select('kind')
    .where('system_id', '=', systemId)
    .where('status', 'in', ['pending', 'in_progress'])
    .execute()
  return rows.map(({ kind }) => kind)
}

export interface SealedPassword {
  readonly name: string
  readonly sealed: Buffer
}

export async function sealedPasswords(tx: Tx, systemId: string): Promise<SealedPassword[]> {
  return await tx.selectFrom('system_secrets').select(['name', 'sealed']).where('system_id', '=', systemId).orderBy('name').execute()
}

/** All of them anew: what is not among them is gone. */
export async function replacePasswords(
  tx: Tx,
  { systemId, tenantId }: { readonly systemId: string; readonly tenantId: string },
  passwords: readonly SealedPassword[],
): Promise<void> {
  await tx.deleteFrom('system_secrets').where('system_id', '=', systemId).execute()
  if (passwords.length === 0) return
  await tx
    .insertInto('system_secrets')
    .values(passwords.map(({ name, sealed }) => ({ system_id: systemId, tenant_id: tenantId, name, sealed })))
    .execute()
}

/** File roots of the systems of every other tenant. For a transaction that sees all of them. */
export async function rootsOfOthers(tx: Tx, tenantId: string): Promise<string[]> {
  const rows = await tx.selectFrom('systems').select('roots').where('tenant_id', '!=', tenantId).where('retired_at', 'is', null).execute()
  return rows.flatMap(({ roots }) => roots.map(({ path }) => path))
}
