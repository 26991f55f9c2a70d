import { Fault } from '#base/fault.ts'
import { quoteName, type Connection } from './connection.ts'
import type { DatabaseSection } from './database-section.ts'
import { countLargeObjects, largeObjectsCopy } from './list-objects.ts'
import { connectStage } from './stage-session.ts'
import { surveyServer, type ServerIdentity } from './server-identity.ts'
import { verifyObjects } from './verify-objects.ts'
import type { VerifyWork } from './verify-work.ts'
import { assertEqual, hashCopy, verifyDumpedRows, verifyRows } from './verify-rows.ts'

/** What was compared with the backup, each thing counted. A difference is a fault, so a report has none. */
export interface VerifyReport {
  readonly tables: number
  readonly rows: number
  /** Content hashes compared: of tables, and of generated columns apart. */
  readonly hashes: number
  readonly extensionTables: number
  readonly materializedViews: {
    readonly compared: number
    readonly unpopulated: number
    /** Computed anew and now different from what the original showed: it was stale. */
    readonly refreshed: readonly string[]
  }
  readonly largeObjects: { readonly count: number; readonly bytes: number }
  readonly sequences: number
  readonly constraints: number
  readonly indexes: number
  /** Entries of the dump, grants and comments among them, that are there; 0 when only some tables were chosen. */
  readonly objects: number
  readonly notes: readonly string[]
}

/** Compares a staging database with the backup, after everything that runs code has run (SAFETY rule 8). */
export async function verifyStage(work: VerifyWork, signal: AbortSignal): Promise<VerifyReport> {
  const { section } = work.options
  await using connection = await connectStage(work.stage, section, signal)
  const { serverVersion } = await assertSameStart(connection, work.postmasterStartTime)
  const chosen = work.chosen
  await assertTables(connection, section)
  const isWhole = chosen.length === section.tables.length
  // Objects are listed by programs that mostly wait; what differs in the rows is told first all the same.
  await using listed = meanwhile(async (own) => (isWhole ? await verifyObjects(work, serverVersion, own) : 0), signal)
  const { rows, hashes } = await verifyRows(work, chosen, signal)
  const key = Buffer.from(section.hashKey, 'hex')
  const { extensionTables, matviews } = await verifyDumpedRows(connection, { section, key, refused: work.refused }, signal)
  const largeObjects = await verifyLargeObjects(connection, { section, key }, signal)
  const sequences = await verifySequences(connection, section)
  const { constraints, indexes } = await verifyFlags(connection, work.notValid)
  const objects = await listed.result
  // Again at the end: a crash in between would have emptied unlogged tables that were read before it (SAFETY rule 7).
  await assertSameStart(connection, work.postmasterStartTime)
  const notes = isWhole ? work.notes : [...work.notes, `${section.tables.length - chosen.length} tables were not chosen and are empty`]
  return {
    tables: chosen.length,
    rows,
    hashes,
    extensionTables,
    materializedViews: matviews,
    largeObjects,
    sequences,
    constraints,
    indexes,
    objects,
    notes,
  }
}

interface Meanwhile<T> extends AsyncDisposable {
  readonly result: Promise<T>
}

/** Begins a task whose result, or failure, is asked for later. It is cut off when its scope ends before. */
function meanwhile<T>(task: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Meanwhile<T> {
  const left = new AbortController()
  const result = task(AbortSignal.any([signal, left.signal]))
  const settled = Promise.allSettled([result])
  return {
    result,
    [Symbol.asyncDispose]: async () => {
      left.abort()
      await settled
    },
  }
}

async function assertSameStart(connection: Connection, postmasterStartTime: string): Promise<ServerIdentity> {
  const now = await surveyServer(connection)
  if (now.postmasterStartTime === postmasterStartTime) return now
  const fact = `the server was restarted at ${now.postmasterStartTime}, after staging began, so what was not flushed is unknown: stage again`
  throw new Fault('RESTORE_STATE', fact, { before: postmasterStartTime, now: now.postmasterStartTime })
}

/** Neither a table too few nor one too many: a table that is not in the manifest was compared with nothing. */
async function assertTables(connection: Connection, section: DatabaseSection): Promise<void> {
  const found = await connection.query<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_toast'
       and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`,
  )
  const names = new Set(found.map(({ name }) => name))
  const expected = section.tables.map(({ schema, table }) => `${schema}.${table}`)
  const missing = expected.find((name) => !names.has(name))
  if (missing !== undefined) throw new Fault('RESTORE_VERIFY', `table ${missing} is missing from the staging database`, { table: missing })
  const known = new Set(expected)
  const surplus = found.find(({ name }) => !known.has(name))
  if (surplus) throw new Fault('RESTORE_VERIFY', `table ${surplus.name} is not in the backup`, { table: surplus.name })
}

async function verifyLargeObjects(
  connection: Connection,
  { section, key }: { section: DatabaseSection; key: Uint8Array },
  signal: AbortSignal,
): Promise<{ count: number; bytes: number }> {
  // A descriptor of a large object lives in a transaction.
  await connection.query('begin read only')
  const found = await countLargeObjects(connection)
  const { count, bytes, hash } = section.largeObjects
  if (found.count !== count || found.bytes !== bytes) {
    const fact = `there are ${found.count} large objects of ${found.bytes} bytes, the backup has ${count} of ${bytes}`
    throw new Fault('RESTORE_VERIFY', fact, { table: 'large objects', rows: found.count, rowsInBackup: count })
  }
  assertEqual('large objects', await hashCopy(connection, { statement: largeObjectsCopy, key }, signal), hash)
  await connection.query('commit')
  return found
}

interface SequenceState {
  lastValue: string
  isCalled: boolean
  increment: string
  cycles: boolean
}

/** Sequences obey no snapshot: the dump may hold a later value than the section, which hands out nothing twice. */
async function verifySequences(connection: Connection, section: DatabaseSection): Promise<number> {
  for (const { schema, name, lastValue, isCalled } of section.sequences) {
    const [found] = await connection.query<SequenceState>(
      `select q.last_value::text as "lastValue", q.is_called as "isCalled", s.seqincrement::text as increment, s.seqcycle as cycles
       from ${quoteName(schema, name)} q, pg_catalog.pg_sequence s where s.seqrelid = $1::regclass`,
      [quoteName(schema, name)],
    )
    if (found?.lastValue === lastValue && found.isCalled === isCalled) continue
    if (found && (found.cycles || isFurther(found, { lastValue, isCalled }))) continue
    const fact = `sequence ${schema}.${name} stands at ${found?.lastValue}, in the backup at ${lastValue}`
    throw new Fault('RESTORE_VERIFY', fact, { table: `${schema}.${name}` })
  }
  return section.sequences.length
}

function isFurther(found: SequenceState, captured: { lastValue: string; isCalled: boolean }): boolean {
  const increment = BigInt(found.increment)
  const next = (state: { lastValue: string; isCalled: boolean }) => BigInt(state.lastValue) + (state.isCalled ? increment : 0n)
  return increment > 0n ? next(found) >= next(captured) : next(found) <= next(captured)
}

/** Constraints are valid but for those dumped as NOT VALID; an index that is not valid was never dumped. */
async function verifyFlags(connection: Connection, notValid: number): Promise<{ constraints: number; indexes: number }> {
  const [row] = await connection.query<{ constraints: number; notValid: number; indexes: number; invalid: string | null }>(
    `select (select count(*)::int from pg_catalog.pg_constraint where oid >= 16384) as constraints,
       (select count(*)::int from pg_catalog.pg_constraint where oid >= 16384 and not convalidated and conparentid = 0 and conislocal) as "notValid",
       (select count(*)::int from pg_catalog.pg_index where indexrelid >= 16384) as indexes,
       (select string_agg(c.oid::regclass::text, ', ') from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
         where c.relkind = 'i' and not (i.indisvalid and i.indisready and i.indislive)) as invalid`,
  )
  const { constraints, indexes, invalid } = row!
  if (invalid !== null) throw new Fault('RESTORE_VERIFY', `index ${invalid} is not valid`, { table: invalid })
  if (row!.notValid !== notValid) {
    const fact = `${row!.notValid} constraints are not validated, in the backup ${notValid}`
    throw new Fault('RESTORE_VERIFY', fact, { table: 'constraints', rows: row!.notValid, rowsInBackup: notValid })
  }
  return { constraints, indexes }
}
