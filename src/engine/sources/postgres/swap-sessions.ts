import { throwIfCancelled, type Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { sqlStateOf, type Connection } from './connection.ts'

export interface Session {
  readonly pid: number
  readonly role: string
  /** `application_name`; empty when the server does not show it to us. */
  readonly program: string
  /** May we end it? A superuser's session only by a superuser; another role's only as a member or with pg_signal_backend. */
  readonly isOurs: boolean
}

export interface EndOptions {
  readonly clock: Clock
  readonly timeoutMs: number
}

/**
 * Sessions of people and programs in these databases. `backend_type` is no filter: it is NULL for roles without
 * pg_read_all_stats (POSTGRES §4). Autovacuum has no role here; RENAME sends it away by itself.
 */
export async function sessionsIn(session: Connection, oids: readonly number[]): Promise<Session[]> {
  return await session.query<{ pid: number; role: string; program: string; isOurs: boolean }>(
    `select a.pid, r.rolname as role, coalesce(a.application_name, '') as program,
            (select rolsuper from pg_roles where rolname = current_user)
              or not r.rolsuper and (pg_has_role(r.oid, 'USAGE') or pg_has_role('pg_signal_backend', 'USAGE')) as "isOurs"
       from pg_stat_activity a join pg_roles r on r.oid = a.usesysid
      where a.datid = any($1::int8[]::oid[]) and a.pid <> pg_backend_pid()
      order by a.pid`,
    [oids],
  )
}

/**
 * Ends every session in these databases, one by one: a single refusal would abort a statement that ends them all.
 * Resolves with the number ended once none is left; DATABASE_SESSIONS names those that stay when time is up.
 */
export async function endSessions(
  session: Connection,
  oids: readonly number[],
  options: EndOptions,
  signal?: AbortSignal,
): Promise<number> {
  const ended = new Set<number>()
  const startMs = options.clock.monotonicMs()
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 250)) {
    throwIfCancelled(signal)
    const present = await sessionsIn(session, oids)
    if (present.length === 0) return ended.size
    if (options.clock.monotonicMs() - startMs > options.timeoutMs) throw sessionsFault(present)
    for (const pid of await endPresent(session, oids)) ended.add(pid)
    await options.clock.sleep(pauseMs, signal)
  }
}

/** Tells each session to end, without waiting for it. Resolves with the process ids that were told. */
export async function endPresent(session: Connection, oids: readonly number[]): Promise<number[]> {
  const told: number[] = []
  for (const { pid } of await sessionsIn(session, oids)) if (await end(session, pid)) told.push(pid)
  return told
}

export function sessionsFault(sessions: readonly Session[]): Fault {
  const listed = sessions.slice(0, 10).map(({ pid, role, program }) => `${pid} (${[role, program].filter(Boolean).join(', ')})`)
  const more = sessions.length > listed.length ? ` and ${sessions.length - listed.length} more` : ''
  return new Fault('DATABASE_SESSIONS', `sessions that cannot be ended: ${listed.join(', ')}${more}`, { sessions: sessions.length })
}

async function end(session: Connection, pid: number): Promise<boolean> {
  try {
    const [row] = await session.query<{ ended: boolean }>('select pg_terminate_backend($1) as ended', [pid])
    return row?.ended ?? false
  } catch (error) {
    // insufficient_privilege: it stays in the list, and time decides.
    if (sqlStateOf(error) === '42501') return false
    throw error
  }
}
