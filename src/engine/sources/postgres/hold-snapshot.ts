import { Fault } from '#base/fault.ts'
import type { Clock } from '#base/clock.ts'
import { quoteName, sqlStateOf, type Connection } from './connection.ts'
import { listRelations, type ListedRelation } from './list-tables.ts'

/** A snapshot that other sessions may share for as long as the session that exported it stays in its transaction. */
export interface HeldSnapshot {
  readonly name: string
  readonly instant: Date
  readonly beganAtMs: number
  /** Position in the write-ahead log just after the export. */
  readonly lsn: string | null
}

export interface HoldLimits {
  readonly lockWaitMsMax: number
}

/**
 * Locks every table in ACCESS SHARE and then exports the snapshot, in this order: LOCK takes no snapshot, so nothing can
 * be truncated or rewritten between the two, which would be read as an empty table (POSTGRES §2). The tables are then
 * listed again inside and compared by OID (SAFETY rule 14). Faults, both worth a retry: DATABASE_LOCKED, DATABASE_CHANGED.
 */
export async function holdSnapshot(control: Connection, clock: Clock, limits: HoldLimits): Promise<HeldSnapshot> {
  const before = await listRelations(control)
  await control.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await lockAll(control, before, limits)
  const [exported] = await control.query<{ name: string }>('SELECT pg_catalog.pg_export_snapshot() AS name')
  const instant = clock.now()
  const beganAtMs = clock.monotonicMs()
  const [position] = await control.query<{ lsn: string | null }>(
    `SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                 ELSE pg_catalog.pg_current_wal_lsn() END::text AS lsn`,
  )
  expectSame(before, await listRelations(control))
  return { name: exported!.name, instant, beganAtMs, lsn: position?.lsn ?? null }
}

/** In ACCESS SHARE, each for as long as the transaction lasts. DATABASE_LOCKED, DATABASE_CHANGED. */
export async function lockAll(control: Connection, relations: readonly ListedRelation[], { lockWaitMsMax }: HoldLimits): Promise<void> {
  if (relations.length === 0) return
  const names = relations.map(({ schema, name }) => `ONLY ${quoteName(schema, name)}`)
  try {
    // SET and LOCK are utility statements: neither takes the transaction's snapshot.
    await control.query(`SET LOCAL lock_timeout = ${lockWaitMsMax}`)
    await control.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`)
    await control.query('SET LOCAL lock_timeout = 0')
  } catch (cause) {
    const state = sqlStateOf(cause)
    if (state === '55P03') {
      const fact = `a table could not be locked for reading within ${lockWaitMsMax} ms, since another session holds it or waits for it`
      throw new Fault('DATABASE_LOCKED', fact, { lockWaitMsMax }, { cause })
    }
    // undefined_table, invalid_schema_name: it went between listing and locking.
    if (state === '42P01' || state === '3F000')
      throw new Fault('DATABASE_CHANGED', 'a table was dropped while the backup began', {}, { cause })
    throw cause
  }
}

function expectSame(before: readonly ListedRelation[], inside: readonly ListedRelation[]): void {
  const printed = (relation: ListedRelation) => `${relation.oid} ${quoteName(relation.schema, relation.name)}`
  const known = new Set(before.map(printed))
  const seen = new Set(inside.map(printed))
  const changed = [
    ...inside.filter((relation) => !known.has(printed(relation))),
    ...before.filter((relation) => !seen.has(printed(relation))),
  ]
  const [first] = changed
  if (!first) return
  const fact = `table ${first.schema}.${first.name} was created, dropped or renamed while the backup began`
  throw new Fault('DATABASE_CHANGED', fact, { changed: changed.length })
}
