import { createHash } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import type { DatabaseTarget } from './target.ts'
import type { Connection } from './connection.ts'
import { connectMaintenance } from './maintenance.ts'

export interface TargetLock extends AsyncDisposable {
  /** Rejects with TARGET_BUSY when the claim was lost, as by a restart of the server. Ask before each step that changes anything. */
  confirm(): Promise<void>
}

/**
 * Claims one database of a cluster for one restore, against every worker and command line on any machine (SAFETY rule
 * 2): advisory locks keyed by its OID, which a rename does not change, and by its name, which a swap hands to another
 * OID. They are held by an open session, so they end with us however we die. Fault: TARGET_BUSY.
 */
export async function lockDatabase(target: DatabaseTarget, oid: number | null, signal?: AbortSignal): Promise<TargetLock> {
  await using opened = new AsyncDisposableStack()
  const session = opened.use(await connectMaintenance([target], signal))
  const keys: Key[] = [[nameClass, numberOf(createHash('sha256').update(target.database).digest().readUInt32BE(0))]]
  if (oid !== null) keys.push([oidClass, numberOf(oid)])
  for (const key of keys) await take(session, key, target)
  const held = opened.move()
  return { confirm: () => confirm(session, keys.length, target), [Symbol.asyncDispose]: () => held.disposeAsync() }
}

type Key = readonly [classId: number, objectId: number]

// Advisory locks are shared by all applications of a database: 'inte' and 'intn' in ASCII mark ours.
const oidClass = 0x696e7465
const nameClass = 0x696e746e

/** The keys are int4, an OID is unsigned. */
function numberOf(unsigned: number): number {
  return unsigned | 0
}

async function take(session: Connection, key: Key, target: DatabaseTarget): Promise<void> {
  const [row] = await session.query<{ taken: boolean }>('select pg_try_advisory_lock($1::int, $2::int) as taken', key)
  if (row?.taken) return
  throw new Fault('TARGET_BUSY', `another restore works on database ${target.database}`, { database: target.database })
}

async function confirm(session: Connection, expected: number, target: DatabaseTarget): Promise<void> {
  try {
    const [row] = await session.query<{ held: number }>(
      `select count(*)::int as held from pg_locks
        where locktype = 'advisory' and granted and pid = pg_backend_pid() and classid = any($1::int8[]::oid[])`,
      [[oidClass, nameClass]],
    )
    if (row?.held === expected) return
  } catch (cause) {
    throw lost(target, cause)
  }
  throw lost(target)
}

function lost(target: DatabaseTarget, cause?: unknown): Fault {
  return new Fault('TARGET_BUSY', `the claim on database ${target.database} was lost`, { database: target.database }, { cause })
}
