import { sql } from 'kysely'
import { isAnomalous, isKeptByAlarm } from '#service/backups/good.ts'
import type { StoredBackup } from '#service/backups/backups.store.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { DeletedUnder } from '#service/catalog/tables.ts'
import type { RetentionBackup } from './decide.ts'

export interface CandidateRow extends RetentionBackup {
  readonly name: string
  readonly tenantId: string
  readonly type: StoredBackup['type']
}

type Columns = Pick<
  StoredBackup,
  | 'id'
  | 'tenant_id'
  | 'name'
  | 'system_name'
  | 'repository_id'
  | 'type'
  | 'purpose'
  | 'status'
  | 'standing'
  | 'anomaly'
  | 'anomaly_verdict'
  | 'missing_at'
  | 'held_by_alert'
  | 'created_at'
> & { readonly sources: string[]; readonly schedule_days: number | null; readonly undo_until: Date | null }

export interface CandidatesWanted {
  readonly also?: string
  readonly isLocking?: boolean
  /** As if that schedule kept its backups for so many days. */
  readonly schedule?: { readonly id: string; readonly retentionDays: number | null } | undefined
}

/**
 * The backups of a system that are there and not deleted, and `also` the one of that id. For whoever carries a policy out the rows
 * are held until the transaction ends, in one order for everybody.
 */
export async function retentionCandidates(
  tx: Tx,
  systemId: string,
  { also, isLocking = false, schedule }: CandidatesWanted = {},
): Promise<CandidateRow[]> {
  const { rows } = await sql<Columns>`
    select b.id, b.tenant_id, b.name, b.system_name, b.repository_id, b.type, b.purpose, b.status, b.standing, b.anomaly, b.anomaly_verdict,
      b.missing_at, b.held_by_alert, b.created_at,
      array(select 'database/' || (one ->> 'name') from jsonb_array_elements(b.metadata #> '{summary,databases}') as one
        union all select 'files/' || (one ->> 'name') from jsonb_array_elements(b.metadata #> '{summary,roots}') as one) as sources,
      case when b.schedule_id = ${schedule?.id ?? null}::uuid then ${schedule?.retentionDays ?? null}::integer
        else (select s.retention_days from backup_schedules s where s.id = b.schedule_id) end as schedule_days,
      (select max(r.undo_until) from restore_operations r where r.safety_backup_id = b.id) as undo_until
    from backups b
    where b.system_id = ${systemId} and b.removed_at is null and b.snapshot is not null
      and b.status in ('completed', 'completed_with_gaps') and (b.deleted_at is null or b.id = ${also ?? null}::uuid)
    order by b.id ${isLocking ? sql`for update of b` : sql``}`.execute(tx)
  return rows.map(candidateOf)
}

/** What a backup holds, where its manifest does not say it. */
const sourcesOfType = {
  full: ['database', 'files'],
  database: ['database'],
  files: ['files'],
  masked: ['database'],
  entity: ['database'],
} as const

function candidateOf(row: Columns): CandidateRow {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    systemName: row.system_name,
    repositoryId: row.repository_id,
    type: row.type,
    sources: row.sources.length > 0 ? row.sources : sourcesOfType[row.type],
    purpose: row.purpose,
    status: row.status,
    standing: row.standing,
    isAnomalous: isAnomalous(row),
    isMissing: row.missing_at !== null,
    isKeptByAlarm: isKeptByAlarm(row),
    createdAt: row.created_at,
    scheduleDays: row.schedule_days,
    undoUntil: row.undo_until,
  }
}

export interface PolicyDeletion {
  readonly id: string
  readonly at: Date
  readonly dueAt: Date
  readonly by: string
  readonly under: DeletedUnder
}

export async function markDeleted(tx: Tx, { id, at, dueAt, by, under }: PolicyDeletion): Promise<void> {
  await tx
    .updateTable('backups')
    .set({
      deleted_at: at,
      deleted_by: by,
      delete_reason: `retention: ${under.reasons.join('; ')}`,
      deleted_under: JSON.stringify(under),
      removal_due_at: dueAt,
      removal_fault: null,
    })
    .where('id', '=', id)
    .execute()
}

/** Every system has a row, so that its turn can be locked. */
export async function enterSystems(tx: Tx): Promise<void> {
  await sql`insert into retention_runs (system_id, tenant_id) select id, tenant_id from systems on conflict do nothing`.execute(tx)
}

/** Systems whose policy was not carried out since `before`, or that have a backup that ended since. */
export async function dueSystems(tx: Tx, before: Date): Promise<{ readonly id: string; readonly tenantId: string }[]> {
  return await dueAmong(tx, before)
    .orderBy('run.evaluated_at', (by) => by.asc().nullsFirst())
    .execute()
}

/** False when it is not due any more, or another service has it now. Held until the transaction ends. */
export async function lockDueSystem(tx: Tx, id: string, before: Date): Promise<boolean> {
  const row = await dueAmong(tx, before).where('run.system_id', '=', id).forUpdate('run').skipLocked().executeTakeFirst()
  return row !== undefined
}

function dueAmong(tx: Tx, before: Date) {
  return tx
    .selectFrom('retention_runs as run')
    .select(['run.system_id as id', 'run.tenant_id as tenantId'])
    .where((where) =>
      where.or([
        where('run.evaluated_at', 'is', null),
        where('run.evaluated_at', '<=', before),
        where.exists(
          where
            .selectFrom('backups')
            .select('backups.id')
            .whereRef('backups.system_id', '=', 'run.system_id')
            .whereRef('backups.completed_at', '>', 'run.evaluated_at')
            .where('backups.status', 'in', ['completed', 'completed_with_gaps']),
        ),
      ]),
    )
}

/** With the next look its policy is carried out anew: of one system, or of all of a tenant, or of all. */
export async function makeDue(
  tx: Tx,
  { tenantId, systemId }: { readonly tenantId?: string; readonly systemId?: string | null },
): Promise<void> {
  await tx
    .updateTable('retention_runs')
    .set({ evaluated_at: null })
    .$if(tenantId !== undefined, (rows) => rows.where('tenant_id', '=', tenantId!))
    .$if(systemId !== undefined && systemId !== null, (rows) => rows.where('system_id', '=', systemId!))
    .execute()
}

export async function noteEvaluated(
  tx: Tx,
  {
    systemId,
    tenantId,
    at,
    waits,
  }: { readonly systemId: string; readonly tenantId: string; readonly at: Date; readonly waits: string | null },
): Promise<void> {
  await tx
    .insertInto('retention_runs')
    .values({ system_id: systemId, tenant_id: tenantId, evaluated_at: at, waits })
    .onConflict((conflict) => conflict.column('system_id').doUpdateSet({ evaluated_at: at, waits }))
    .execute()
}
