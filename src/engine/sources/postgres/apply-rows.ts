import { Fault, isFault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import { compareComplements, hashComplement, type TriggerEffect } from './complement.ts'
import { quoteName, type Connection } from './connection.ts'
import { withNamesOf } from './reading-session.ts'
import type { GraphReference } from './reference-graph.ts'
import { advanceSequences, type AdvancedSequence } from './row-sequences.ts'
import { disableTriggers, enableAgain, enabledTriggers, type RowTrigger } from './row-triggers.ts'
import type { Direction, RowImages } from './row-images.ts'
import { loadChange, staleRows, unwrittenRows, writeChanges, type NotAsRecorded } from './write-changes.ts'
import { writeFault } from './write-fault.ts'
import { writerOf } from './write-keyless.ts'
import { writeOrder } from './write-order.ts'

export interface TableChanges {
  readonly images: RowImages
  /** COPY text: action, before, after. */
  readonly rows: () => AsyncIterable<Uint8Array>
  readonly count: number
}

export interface RowsOrder {
  readonly tables: readonly TableChanges[]
  readonly references: readonly GraphReference[]
  /** The application's own `search_path`. */
  readonly names: string
  readonly direction: Direction
  /** Of a change set that is taken back: what `AppliedRows` said. */
  readonly writtenBy: string | undefined
  /** Triggers that somebody made fire as ever, or stay quiet while the change set is written. */
  readonly triggers: 'fire' | 'quiet'
  /** 16 bytes. */
  readonly hashKey: Uint8Array
  /** In the transaction, before anything is written: its number has to be known to whoever comes after a crash. */
  readonly onBegun: (xid: string) => Promise<void>
  /** In the transaction, after everything was compared. Whatever fails in it takes the rows back. */
  readonly beforeCommit: (applied: AppliedRows) => Promise<void>
}

export interface AppliedRows {
  readonly rows: number
  /** `xmin` of what was inserted into tables without a key: by it an undo knows these rows among equal ones. */
  readonly writtenBy: string | undefined
  /** Tables whose every other row was hashed before and after, and how many rows that were. */
  readonly complement: { readonly tables: number; readonly rows: number }
  readonly effects: readonly TriggerEffect[]
  readonly quietTriggers: readonly RowTrigger[]
  readonly sequences: readonly AdvancedSequence[]
}

/**
 * Writes a change set in one transaction, and proves in it that every row came out as recorded and that no other row of the database
 * is different. Locks the tables that it writes, in one order for everybody, against other writers and not against readers. On any
 * failure the database is as it was. The session must read and write under the settings of the backup. Faults: ENTITY_LOCKED,
 * PLAN_STALE, ENTITY_UNDO_CONFLICT, ENTITY_WRITE, ENTITY_COMPLEMENT, DATABASE_PRIVILEGE.
 */
export async function applyRows(connection: Connection, order: RowsOrder, signal: AbortSignal): Promise<AppliedRows> {
  // Said, because a database may be read-only by default.
  await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE')
  try {
    const applied = await applyWithin(connection, order, signal)
    await order.beforeCommit(applied)
    await connection.query('COMMIT')
    return applied
  } catch (error) {
    await rollBack(connection)
    throw writeFault(error)
  }
}

async function applyWithin(connection: Connection, order: RowsOrder, signal: AbortSignal): Promise<AppliedRows> {
  const { tables, direction, hashKey: key } = order
  const changes = tables.map(({ images }) => images)
  await lockTables(connection, changes)
  const [begun] = await connection.query<{ xid: string }>('SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text AS xid')
  await order.onBegun(begun!.xid)
  await withNamesOf(connection, order.names)
  for (const { images, rows, count } of tables) {
    const loaded = await loadChange(connection, images, { rows: rows(), direction }, signal)
    if (loaded !== count) throw new Fault('PLAN_INVALID', `the change set names ${count} rows of ${nameOf(images)} and holds ${loaded}`)
  }
  for (const images of changes)
    assertFresh(images, await staleRows(connection, images, { direction, writtenBy: order.writtenBy }), direction)
  const before = await hashComplement(connection, { changes, key }, signal)
  const triggers = await enabledTriggers(
    connection,
    changes.map(({ table }) => table),
  )
  if (order.triggers === 'quiet') await disableTriggers(connection, triggers)
  const byOid = new Map(changes.map((images) => [images.table.oid, images]))
  const groups = writeOrder([...byOid.keys()], order.references).map((group) => group.map((oid) => byOid.get(oid)!))
  await writeChanges(connection, groups, direction)
  if (order.triggers === 'quiet') await enableAgain(connection, triggers)
  for (const images of changes) assertWritten(images, await unwrittenRows(connection, images, direction))
  const after = await hashComplement(connection, { changes, key }, signal)
  const effects = await compareComplements(connection, { before, after, key }, signal)
  const sequences: AdvancedSequence[] = []
  for (const images of changes) sequences.push(...(await advanceSequences(connection, images)))
  return {
    rows: tables.reduce((sum, { count }) => sum + count, 0),
    writtenBy: await writerOf(connection, changes),
    complement: { tables: before.size, rows: [...before.values()].reduce((sum, { hash }) => sum + hash.rows, 0) },
    effects,
    quietTriggers: order.triggers === 'quiet' ? triggers : [],
    sequences,
  }
}

/** Long enough for a busy application, short enough that it does not queue behind us for long. */
const lockWaitMs = 5 * durations.second

/** Before the snapshot is taken, so that it shows what whoever wrote last has written. Neither statement takes one. */
async function lockTables(connection: Connection, changes: readonly RowImages[]): Promise<void> {
  await connection.query(`SET LOCAL lock_timeout = ${lockWaitMs}`)
  const names = changes.map(({ table }) => quoteName(table.schema, table.name)).toSorted()
  if (names.length > 0) await connection.query(`LOCK TABLE ${names.join(', ')} IN SHARE ROW EXCLUSIVE MODE`)
}

function assertFresh(images: RowImages, { count, first }: NotAsRecorded, direction: Direction): void {
  if (count === 0) return
  const which = `${count} rows of ${nameOf(images)}${printFirst(first)}`
  if (direction === 'back')
    throw new Fault('ENTITY_UNDO_CONFLICT', `${which} were written after the restore`, { table: nameOf(images), rows: count })
  throw new Fault('PLAN_STALE', `${which} were written after the change set was made`, { table: nameOf(images), rows: count })
}

function assertWritten(images: RowImages, { count, first }: NotAsRecorded): void {
  if (count === 0) return
  const fact = `${count} rows of ${nameOf(images)}${printFirst(first)} did not come out as recorded: a trigger or a rule changed them`
  throw new Fault('ENTITY_WRITE', fact, { table: nameOf(images), rows: count })
}

/** Of a table without a key, nothing: what would name the row is all that stands in it. */
function printFirst([key]: NotAsRecorded['first']): string {
  return key === undefined ? '' : ` (first key ${key.join(', ')})`
}

function nameOf({ table }: RowImages): string {
  return `${table.schema}.${table.name}`
}

async function rollBack(connection: Connection): Promise<void> {
  try {
    await connection.query('ROLLBACK')
  } catch (error) {
    // The session is gone, and the transaction with it; why it went is the error that brought us here.
    if (!isFault(error)) throw error
  }
}
