import type { Selectable } from 'kysely'
import type { Job } from '#contract/jobs.ts'
import type { Status } from '#contract/shapes.ts'
import type { FaultRecord, RunRow } from '#service/catalog/tables.ts'
import type { Tx } from '#service/catalog/scope.ts'

/** What is asked of a worker. */
export interface JobOrder {
  /** One of `job-kinds.ts`. */
  readonly kind: string
  readonly tenantId: string
  readonly systemId: string | null
  readonly repositoryId: string | null
  /** The backup or the restore that it is about. */
  readonly subjectId: string | null
  /** As lists show it, without patient data. */
  readonly title: string
  /** What the kind needs, without secrets: it stands in the catalog. */
  readonly order: unknown
  readonly createdBy: { readonly id: string | null; readonly name: string }
  /**
   * Jobs of the same lane run one after the other: the system's id for whatever touches a system, the repository's for
   * its care.
   */
  readonly lane: string
}

export async function insertRun(tx: Tx, order: JobOrder & { readonly runId: string; readonly at: Date }): Promise<void> {
  await tx
    .insertInto('runs')
    .values({
      id: order.runId,
      tenant_id: order.tenantId,
      kind: order.kind,
      system_id: order.systemId,
      repository_id: order.repositoryId,
      subject_id: order.subjectId,
      title: order.title,
      status: 'pending',
      job_order: JSON.stringify(order.order),
      job_id: order.runId,
      created_by: order.createdBy.name,
      created_by_id: order.createdBy.id,
      created_at: order.at,
    })
    .execute()
}

/** What became of the wish: the run was taken back before anybody had it, its worker will see the note, or it is over. */
export async function noteCancellation(
  tx: Tx,
  runId: string,
  { by, at }: { readonly by: string; readonly at: Date },
): Promise<'taken-back' | 'noted' | 'over' | undefined> {
  const run = await tx.selectFrom('runs').select('status').where('id', '=', runId).forUpdate().executeTakeFirst()
  if (!run) return undefined
  if (!isOpen(run.status)) return 'over'
  const isWaiting = run.status === 'pending'
  await tx
    .updateTable('runs')
    .set({ cancel_requested_at: at, cancel_requested_by: by, ...(isWaiting && { status: 'cancelled', ended_at: at }) })
    .where('id', '=', runId)
    .execute()
  return isWaiting ? 'taken-back' : 'noted'
}

export type StoredRun = Selectable<RunRow>

export async function findRun(tx: Tx, id: string): Promise<StoredRun | undefined> {
  return await tx.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst()
}

export interface RunFilter {
  readonly status?: Status | undefined
  readonly isOpen?: boolean | undefined
  readonly kind?: string | undefined
  readonly systemId?: string | undefined
}

export interface Page {
  readonly page: number
  readonly pageSize: number
}

export async function listRuns(
  tx: Tx,
  { status, isOpen: wantsOpen, kind, systemId }: RunFilter,
  { page, pageSize, order }: Page & { readonly order: 'newest' | 'oldest' },
): Promise<{ readonly rows: readonly StoredRun[]; readonly total: number }> {
  let query = tx.selectFrom('runs')
  if (status !== undefined) query = query.where('status', '=', status)
  if (wantsOpen !== undefined) query = query.where('status', wantsOpen ? 'in' : 'not in', openStatuses)
  if (kind !== undefined) query = query.where('kind', '=', kind)
  if (systemId !== undefined) query = query.where('system_id', '=', systemId)
  const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await query
    .selectAll()
    .orderBy('created_at', order === 'newest' ? 'desc' : 'asc')
    .orderBy('id')
    .limit(pageSize)
    .offset((page - 1) * pageSize)
    .execute()
  return { rows, total }
}

export interface LogLine {
  readonly seq: number
  readonly attempt: number
  readonly at: string
  readonly level: 'info' | 'warning' | 'error'
  readonly line: string
}

export async function readLog(tx: Tx, runId: string, { page, pageSize }: Page): Promise<{ rows: LogLine[]; total: number }> {
  const lines = tx.selectFrom('run_log').where('run_id', '=', runId)
  const { total } = await lines.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await lines
    .selectAll()
    .orderBy('seq')
    .limit(pageSize)
    .offset((page - 1) * pageSize)
    .execute()
  return { rows: rows.map(lineOf), total }
}

export async function lastLines(tx: Tx, runId: string, count: number): Promise<LogLine[]> {
  const rows = await tx.selectFrom('run_log').selectAll().where('run_id', '=', runId).orderBy('seq', 'desc').limit(count).execute()
  return rows.map(lineOf).toReversed()
}

function lineOf({
  seq,
  attempt,
  at,
  level,
  line,
}: {
  seq: number
  attempt: number
  at: Date
  level: LogLine['level']
  line: string
}): LogLine {
  return { seq, attempt, at: at.toISOString(), level, line }
}

const openStatuses = ['pending', 'in_progress'] as const

export function isOpen(status: Status): boolean {
  return status === 'pending' || status === 'in_progress'
}

/** As the contract shows it. */
export function jobOf(row: StoredRun): Job {
  const instant = (at: Date | null) => at?.toISOString() ?? null
  return {
    id: row.id,
    tenantId: row.tenant_id,
    kind: row.kind,
    title: row.title,
    status: row.status,
    systemId: row.system_id,
    repositoryId: row.repository_id,
    subjectId: row.subject_id,
    attempt: row.attempt,
    worker: row.worker,
    stage: row.stage,
    percent: row.percent,
    doneBytes: row.done_bytes,
    totalBytes: row.total_bytes,
    doneFiles: row.done_files,
    bytesPerSecond: row.bytes_per_second,
    leftSeconds: row.left_seconds,
    fault: row.fault satisfies FaultRecord | null,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    startedAt: instant(row.started_at),
    progressAt: instant(row.progress_at),
    endedAt: instant(row.ended_at),
    cancelRequestedAt: instant(row.cancel_requested_at),
    cancelRequestedBy: row.cancel_requested_by,
  }
}
