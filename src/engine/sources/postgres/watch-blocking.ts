import type { Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Connection } from './connection.ts'
import type { HeldSnapshot } from './hold-snapshot.ts'

export interface WatchLimits {
  readonly lockWaitMsMax: number
  readonly snapshotAgeMsMax: number
}

export interface Watched {
  readonly session: Connection
  readonly clock: Clock
  readonly snapshot: HeldSnapshot
  readonly limits: WatchLimits
  /** `application_name` that every session of this capture has, pg_dump's too. */
  readonly applicationName: string
}

/**
 * Looks at the server again and again until `signal` aborts. Throws DATABASE_LOCKED once another session has waited for
 * one of ours for longer than the limit (SAFETY rule 13: everything that comes behind it waits as well, plain reads
 * too), and DATABASE_SNAPSHOT_TOO_OLD once the snapshot is too old (rule 14). The caller then releases everything.
 */
export async function watchBlocking({ session, clock, snapshot, limits, applicationName }: Watched, signal: AbortSignal): Promise<void> {
  const everyMs = Math.min(1000, Math.max(50, limits.lockWaitMsMax / 5))
  const waitingSince = new Map<number, number>()
  while (!signal.aborted) {
    const nowMs = clock.monotonicMs()
    const ageMs = nowMs - snapshot.beganAtMs
    if (ageMs > limits.snapshotAgeMsMax) {
      const fact = `the snapshot is ${Math.round(ageMs / 1000)} s old, the limit is ${Math.round(limits.snapshotAgeMsMax / 1000)} s`
      throw new Fault('DATABASE_SNAPSHOT_TOO_OLD', fact, { ageMs, limitMs: limits.snapshotAgeMsMax })
    }
    const waiting = new Set((await session.query<{ pid: number }>(waitingSql, [applicationName])).map((row) => row.pid))
    for (const pid of waitingSince.keys()) if (!waiting.has(pid)) waitingSince.delete(pid)
    for (const pid of waiting) {
      const sinceMs = waitingSince.get(pid) ?? nowMs
      waitingSince.set(pid, sinceMs)
      if (nowMs - sinceMs <= limits.lockWaitMsMax) continue
      const fact = `session ${pid} has waited ${Math.round(nowMs - sinceMs)} ms for a table that the backup reads`
      throw new Fault('DATABASE_LOCKED', fact, { pid, lockWaitMsMax: limits.lockWaitMsMax })
    }
    await clock.sleep(everyMs, signal)
  }
}

/** Work that takes long while the snapshot is held: what the watch finds aborts `stop` and is the failure of all. */
export async function whileWatched<T>(watched: Watched, stop: AbortController, work: () => Promise<T>): Promise<T> {
  const end = new AbortController()
  let found: { readonly error: unknown } | undefined
  const watching = watchBlocking(watched, AbortSignal.any([end.signal, stop.signal])).catch((error: unknown) => {
    // Being told to stop is how watching ends.
    if (end.signal.aborted || stop.signal.aborted) return
    found = { error }
    stop.abort(error)
  })
  try {
    return await work()
  } catch (error) {
    throw found ? found.error : error
  } finally {
    end.abort()
    await watching
  }
}

// pg_stat_activity shows a role its own sessions; pg_locks shows everybody's. pg_blocking_pids is costly, so it is asked
// only for those that wait at all.
const waitingSql = `
  WITH ours AS MATERIALIZED (
    SELECT pg_catalog.array_agg(pid) AS pids FROM pg_catalog.pg_stat_activity WHERE application_name = $1
  )
  SELECT DISTINCT l.pid FROM pg_catalog.pg_locks l, ours
  WHERE NOT l.granted AND l.pid <> ALL (ours.pids) AND pg_catalog.pg_blocking_pids(l.pid) && ours.pids`
