import type { ExpressionBuilder, Selectable, Updateable } from 'kysely'
import type { z } from 'zod'
import type { restores } from '#contract/restores.ts'
import { boundsOf } from '#service/catalog/page.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { RestoreOperationRow, RestorePlanRow, Tables } from '#service/catalog/tables.ts'

export type StoredPlan = Selectable<RestorePlanRow>
export type StoredRestore = Selectable<RestoreOperationRow>

export async function insertPlan(
  tx: Tx,
  plan: Pick<
    StoredPlan,
    | 'id'
    | 'tenant_id'
    | 'system_id'
    | 'system_name'
    | 'backup_id'
    | 'repository_id'
    | 'extent'
    | 'secrets_sealed'
    | 'created_by'
    | 'created_by_id'
    | 'created_at'
  > & { readonly request: unknown },
): Promise<void> {
  await tx
    .insertInto('restore_plans')
    .values({ ...plan, status: 'pending', request: JSON.stringify(plan.request) })
    .execute()
}

export async function findPlan(tx: Tx, id: string): Promise<StoredPlan | undefined> {
  return await tx.selectFrom('restore_plans').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function lockPlan(tx: Tx, id: string): Promise<StoredPlan | undefined> {
  return await tx.selectFrom('restore_plans').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

export async function updatePlan(tx: Tx, id: string, change: Updateable<RestorePlanRow>): Promise<StoredPlan> {
  return await tx.updateTable('restore_plans').set(change).where('id', '=', id).returningAll().executeTakeFirstOrThrow()
}

export async function needsSecondApprover(tx: Tx, systemId: string | null): Promise<boolean> {
  if (systemId === null) return false
  const row = await tx.selectFrom('systems').select('requires_second_approver').where('id', '=', systemId).executeTakeFirst()
  return row?.requires_second_approver ?? false
}

export type NewRestore = Pick<
  StoredRestore,
  | 'id'
  | 'tenant_id'
  | 'system_id'
  | 'system_name'
  | 'backup_id'
  | 'plan_id'
  | 'kind'
  | 'extent'
  | 'of_restore_id'
  | 'waits_for_approval'
  | 'restored_by'
  | 'restored_by_id'
  | 'created_at'
  | 'without_safety_backup_reason'
  | 'reason'
>

export async function insertRestore(tx: Tx, row: NewRestore): Promise<StoredRestore> {
  return await tx
    .insertInto('restore_operations')
    .values({ ...row, status: 'pending' })
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function findRestore(tx: Tx, id: string): Promise<StoredRestore | undefined> {
  return await tx.selectFrom('restore_operations').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function lockRestore(tx: Tx, id: string): Promise<StoredRestore | undefined> {
  return await tx.selectFrom('restore_operations').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

export async function updateRestore(tx: Tx, id: string, change: Updateable<RestoreOperationRow>): Promise<StoredRestore> {
  return await tx.updateTable('restore_operations').set(change).where('id', '=', id).returningAll().executeTakeFirstOrThrow()
}

/** Serialises those who begin something with the targets of one system: held until the transaction ends. */
export async function holdSystem(tx: Tx, { system_id, repository_id }: Pick<StoredPlan, 'system_id' | 'repository_id'>): Promise<void> {
  if (system_id === null) await tx.selectFrom('repositories').select('id').where('id', '=', repository_id).forUpdate().execute()
  else await tx.selectFrom('systems').select('id').where('id', '=', system_id).forUpdate().execute()
}

/** One of this system that waits or goes on. One that waits for a person holds nobody up once its plan has expired. */
export async function openRestoreOf(tx: Tx, { tenantId, systemName, now }: { tenantId: string; systemName: string; now: Date }) {
  return await tx
    .selectFrom('restore_operations as one')
    .leftJoin('restore_plans as plan', 'plan.id', 'one.plan_id')
    .select(['one.id', 'one.kind', 'one.restored_by as by'])
    .where('one.tenant_id', '=', tenantId)
    .where('one.system_name', '=', systemName)
    .where('one.status', 'in', ['pending', 'in_progress'])
    .where((where) => where.or([where('one.waits_for_approval', '=', false), where('plan.expires_at', '>', now)]))
    .limit(1)
    .executeTakeFirst()
}

export type RestoreListQuery = z.output<(typeof restores.history)['query']>

export async function listRestores(tx: Tx, query: RestoreListQuery): Promise<{ rows: StoredRestore[]; total: number }> {
  const chosen = tx.selectFrom('restore_operations').where((where) => matching(where, query))
  const { total } = await chosen.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const { limit, offset } = boundsOf(query)
  const rows = await chosen.selectAll().orderBy('created_at', 'desc').orderBy('id').limit(limit).offset(offset).execute()
  return { rows, total }
}

function matching(
  where: ExpressionBuilder<Tables, 'restore_operations'>,
  { systemId, kind, extent, status, waitsForApproval, from, to }: RestoreListQuery,
) {
  return where.and([
    ...(systemId === undefined ? [] : [where('system_id', '=', systemId)]),
    ...(kind === undefined ? [] : [where('kind', '=', kind)]),
    ...(extent === undefined ? [] : [where('extent', '=', extent)]),
    ...(status === undefined ? [] : [where('status', '=', status)]),
    ...(waitsForApproval === undefined ? [] : [where('waits_for_approval', '=', waitsForApproval === 'true')]),
    ...(from === undefined ? [] : [where('created_at', '>=', new Date(from))]),
    ...(to === undefined ? [] : [where('created_at', '<', new Date(to))]),
  ])
}

/** What the service itself knows of these restores, whoever's they are. */
export async function restoresByIds(tx: Tx, ids: readonly string[]): Promise<StoredRestore[]> {
  if (ids.length === 0) return []
  return await tx
    .selectFrom('restore_operations')
    .selectAll()
    .where('id', 'in', [...ids])
    .execute()
}

/** Restores whose job has not ended: their successor looks after them. */
export async function restoresUnderWay(tx: Tx): Promise<Set<string>> {
  const rows = await tx
    .selectFrom('restore_operations')
    .select(['id', 'of_restore_id as of'])
    .where('status', 'in', ['pending', 'in_progress'])
    .where('waits_for_approval', '=', false)
    .execute()
  return new Set(rows.flatMap(({ id, of }) => (of === null ? [id] : [id, of])))
}

/** Restores of single records that nobody can take back any more, and that have not been let go; `withRows` are those with rows on disk. */
export async function pastRecordRestores(
  tx: Tx,
  { withRows, now }: { readonly withRows: readonly string[]; readonly now: Date },
): Promise<StoredRestore[]> {
  return await tx
    .selectFrom('restore_operations as one')
    .selectAll()
    .where('extent', '=', 'records')
    .where('kind', '=', 'restore')
    .where((where) =>
      where.or([
        where.and([where('undo_until', '<=', now), where('released_at', 'is', null), where('undone_at', 'is', null)]),
        where.and([
          where('id', 'in', [...withRows, nobody]),
          where.or([where('undone_at', 'is not', null), where('status', 'in', ['failed', 'cancelled'])]),
        ]),
      ]),
    )
    // Whoever takes it back, or lets it go, is not disturbed.
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('restore_operations as after')
            .select('after.id')
            .whereRef('after.of_restore_id', '=', 'one.id')
            .where('after.status', 'in', ['pending', 'in_progress']),
        ),
      ),
    )
    .execute()
}

/** A list of values is never empty. */
const nobody = '00000000-0000-0000-0000-000000000000'

/** Of these plans, those that are in the making, that somebody may carry out yet, or whose restore goes on. */
export async function neededPlans(tx: Tx, ids: readonly string[], now: Date): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await tx
    .selectFrom('restore_plans as plan')
    .leftJoin('restore_operations as one', 'one.id', 'plan.id')
    .select('plan.id')
    .where('plan.id', 'in', [...ids])
    .where((where) =>
      where.or([
        where('plan.status', '=', 'pending'),
        where('one.status', 'in', ['pending', 'in_progress']),
        where.and([where('plan.status', '=', 'ready'), where('plan.used_at', 'is', null), where('plan.expires_at', '>', now)]),
      ]),
    )
    .execute()
  return new Set(rows.map(({ id }) => id))
}
