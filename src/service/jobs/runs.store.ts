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
  if (run.status !== 'pending' && run.status !== 'in_progress') return 'over'
  const isWaiting = run.status === 'pending'
  await tx
    .updateTable('runs')
    .set({ cancel_requested_at: at, cancel_requested_by: by, ...(isWaiting && { status: 'cancelled', ended_at: at }) })
    .where('id', '=', runId)
    .execute()
  return isWaiting ? 'taken-back' : 'noted'
}
