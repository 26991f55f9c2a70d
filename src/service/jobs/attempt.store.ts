import { sql } from 'kysely'
import { Fault } from '#base/fault.ts'
import type { Status } from '#contract/shapes.ts'
import type { FaultRecord } from '#service/catalog/tables.ts'
import type { Tx } from '#service/catalog/scope.ts'
import { publish } from '#service/events/events.ts'
import type { Trail } from './job-kind.ts'
import type { MeasuredProgress } from './measured.ts'
import { jobOf, type LogLine, type StoredRun } from './runs.store.ts'

/**
 * What a worker writes about its attempt at a run. Each statement names the attempt and touches a row only while that
 * attempt is the newest and goes on: a fenced worker changes nothing, and is told so (JOB_LOST).
 */
export interface AttemptKey {
  readonly id: string
  readonly attempt: number
}

/** Takes the run for a new attempt. One whose worker said nothing of an end has failed it. Undefined when the run is over. */
export async function claimRun(
  tx: Tx,
  runId: string,
  { worker, at }: { readonly worker: string; readonly at: Date },
): Promise<StoredRun | undefined> {
  return await tx
    .updateTable('runs')
    .set((e) => ({
      attempt: e('attempt', '+', 1),
      failures: sql<number>`failures + (status = 'in_progress')::integer`,
      status: 'in_progress' as const,
      worker,
      started_at: sql<Date>`coalesce(started_at, ${at})`,
      stage: null,
      percent: null,
      done_bytes: null,
      total_bytes: null,
      done_files: null,
      bytes_per_second: null,
      left_seconds: null,
      progress_at: at,
    }))
    .where('id', '=', runId)
    .where('status', 'in', ['pending', 'in_progress'])
    .returningAll()
    .executeTakeFirst()
}

export async function writeProgress(
  tx: Tx,
  key: AttemptKey,
  { progress, at }: { readonly progress: MeasuredProgress; readonly at: Date },
): Promise<StoredRun> {
  return await changed(
    goingOn(tx, key)
      .set({
        stage: progress.stage,
        percent: progress.percent,
        done_bytes: progress.doneBytes,
        total_bytes: progress.totalBytes,
        done_files: progress.doneFiles,
        bytes_per_second: progress.bytesPerSecond,
        left_seconds: progress.leftSeconds,
        progress_at: at,
      })
      .returningAll()
      .executeTakeFirst(),
    key,
  )
}

export async function addToTrail(tx: Tx, key: AttemptKey, patch: Trail): Promise<void> {
  await changed(
    goingOn(tx, key)
      .set({ trail: sql`trail || ${JSON.stringify(patch)}::jsonb` })
      .returning('id')
      .executeTakeFirst(),
    key,
  )
}

/** Only while the attempt goes on. */
export async function addLines(tx: Tx, key: AttemptKey, lines: readonly Omit<LogLine, 'seq' | 'attempt'>[]): Promise<void> {
  const run = await changed(
    tx
      .selectFrom('runs')
      .select('tenant_id')
      .where('id', '=', key.id)
      .where('attempt', '=', key.attempt)
      .where('status', '=', 'in_progress')
      .forShare()
      .executeTakeFirst(),
    key,
  )
  await tx
    .insertInto('run_log')
    .values(lines.map((one) => ({ ...one, at: new Date(one.at), run_id: key.id, tenant_id: run.tenant_id, attempt: key.attempt })))
    .execute()
}

/** For another attempt, soon. `hasFailed` counts it against those that a run has. */
export async function giveBackRun(
  tx: Tx,
  key: AttemptKey,
  { fault, hasFailed }: { readonly fault: FaultRecord | null; readonly hasFailed: boolean },
): Promise<StoredRun> {
  return await changed(
    goingOn(tx, key)
      .set((e) => ({
        status: 'pending' as const,
        worker: null,
        ...(hasFailed && { failures: e('failures', '+', 1) }),
        ...(fault && { fault: JSON.stringify(fault) }),
      }))
      .returningAll()
      .executeTakeFirst(),
    key,
  )
}

export interface RunEnd {
  readonly status: Exclude<Status, 'pending' | 'in_progress'>
  readonly fault: FaultRecord | null
  readonly output: unknown
  readonly at: Date
}

export async function endRun(tx: Tx, key: AttemptKey, { status, fault, output, at }: RunEnd): Promise<StoredRun> {
  return await changed(
    goingOn(tx, key)
      .set({
        status,
        ended_at: at,
        left_seconds: null,
        fault: fault && JSON.stringify(fault),
        result: output === undefined ? null : JSON.stringify(output),
      })
      .returningAll()
      .executeTakeFirst(),
    key,
  )
}

/** Of these runs, those whose end is wished, and who wishes it. */
export async function wishedCancellations(tx: Tx, ids: readonly string[]): Promise<{ readonly id: string; readonly by: string }[]> {
  if (ids.length === 0) return []
  const rows = await tx
    .selectFrom('runs')
    .select(['id', 'cancel_requested_by'])
    .where('id', 'in', ids)
    .where('cancel_requested_at', 'is not', null)
    .execute()
  return rows.map(({ id, cancel_requested_by: by }) => ({ id, by: by ?? 'somebody' }))
}

/** Tells the listeners. */
export async function publishRun(tx: Tx, run: StoredRun, at: Date): Promise<void> {
  await publish(tx, { tenantId: run.tenant_id, kind: 'job.changed', subjectId: run.id, body: jobOf(run), at })
}

function goingOn(tx: Tx, key: AttemptKey) {
  return tx.updateTable('runs').where('id', '=', key.id).where('attempt', '=', key.attempt).where('status', '=', 'in_progress')
}

async function changed<T>(row: Promise<T | undefined>, { id, attempt }: AttemptKey): Promise<T> {
  const found = await row
  if (!found) throw new Fault('JOB_LOST', `attempt ${attempt} at run ${id} is not the one that goes on any more`, { run: id, attempt })
  return found
}
