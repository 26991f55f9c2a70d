import { Fault } from '#base/fault.ts'
import { throwIfCancelled } from '#base/clock.ts'
import { quoteName, type Connection } from './connection.ts'
import type { TableSection } from './database-section.ts'
import { ownSearchPath } from './stage-checks.ts'
import { copyIn } from './stage-copy-in.ts'
import { restoreSection } from './stage-dump.ts'
import { EarlyPostData } from './stage-early.ts'
import type { StageWork } from './stage-options.ts'
import { connectStage } from './stage-session.ts'

/**
 * Loads tables side by side, the biggest first, each one's segments in order on one session: rows then lie as they lay in
 * the original, and the next backup finds its pages again (SAFETY rule 24).
 */
export async function loadRows(work: StageWork, early: EarlyPostData, signal: AbortSignal): Promise<void> {
  // Sequences, large objects and tables of extensions depend on no row of these.
  await loadBeside(work, { early, beside: async (own) => void (await restoreSection(work, 'data', {}, own)) }, signal)
}

/** The rows of tables alone, for whoever only reads them. */
export async function loadBareRows(work: StageWork, signal: AbortSignal): Promise<void> {
  await loadBeside(work, { early: new EarlyPostData([], new Map()), beside: async () => {} }, signal)
}

interface LoadBeside {
  readonly early: EarlyPostData
  readonly beside: (signal: AbortSignal) => Promise<void>
}

async function loadBeside(work: StageWork, { early, beside }: LoadBeside, signal: AbortSignal): Promise<void> {
  const tables = work.chosen
  const waiting = tables.toSorted((a, b) => b.copyBytes - a.copyBytes)
  const totalBytes = tables.reduce((sum, table) => sum + table.copyBytes, 0)
  let doneBytes = 0
  let loading = 0
  const onBytes = (bytes: number, table: TableSection) => {
    doneBytes += bytes
    work.options.onProgress?.({ stage: 'load', doneBytes, totalBytes, what: `${table.schema}.${table.table}` })
  }
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const session = async () => {
    await using connection = await connectStage(work.stage, work.options.section, either)
    // Functions behind generated columns and domains run now; text that COPY reads names everything outside pg_catalog in full.
    await connection.query(`set search_path = pg_catalog, ${ownSearchPath(work.options.section)}`)
    loading += 1
    for (let table = waiting.shift(); table !== undefined; table = waiting.shift()) {
      await loadTable(work, connection, { table, onBytes }, either)
      early.loaded(table)
    }
    loading -= 1
    await early.work(connection, () => loading > 0, either)
  }
  await allOrFirst([...Array.from({ length: Math.min(work.connections, tables.length) }, session), beside(either)], failed)
}

/** When one fails the others stop; the first failure is the one that counts. */
export async function allOrFirst(running: readonly Promise<void>[], failed: AbortController): Promise<void> {
  const first: unknown[] = []
  const ended = running.map((one) =>
    one.catch((error: unknown) => {
      first.push(error)
      failed.abort(error)
    }),
  )
  await Promise.all(ended)
  if (first.length > 0) throw first[0]
}

interface LoadTable {
  readonly table: TableSection
  readonly onBytes: (bytes: number, table: TableSection) => void
}

async function loadTable(work: StageWork, connection: Connection, { table, onBytes }: LoadTable, signal: AbortSignal): Promise<void> {
  if (table.segments === 0) return expectRows(table, 0)
  const into = table.loadVia ?? table
  const name = quoteName(into.schema, into.table)
  const columns = table.columns.length === 0 ? '' : ` (${table.columns.map((column) => quoteName(column.name)).join(', ')})`
  const isWhole = table.loadVia === undefined
  // FREEZE saves the rewrite by a later VACUUM; it wants a table emptied in the same transaction, which a root is not.
  await connection.query(isWhole ? `begin; truncate only ${name}` : 'begin')
  const statement = `copy ${name}${columns} from stdin${isWhole ? ' with (freeze)' : ''}`
  const rows = await copyIn(connection, statement, readSegments(work, { table, onBytes }, signal), signal)
  await connection.query('commit')
  expectRows(table, rows)
}

async function* readSegments(work: StageWork, { table, onBytes }: LoadTable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let segment = 0; segment < table.segments; segment += 1) {
    throwIfCancelled(signal)
    const content = await work.options.stored.file(segmentPath(table, segment), signal)
    for await (const bytes of content.read(signal)) {
      onBytes(bytes.byteLength, table)
      yield bytes
    }
  }
}

export function segmentPath(table: Pick<TableSection, 'path'>, segment: number): string {
  return `${table.path}/${String(segment).padStart(6, '0')}.copy`
}

function expectRows(table: TableSection, rows: number): void {
  if (rows === table.hash.rows) return
  throw new Fault('RESTORE_VERIFY', `table ${table.schema}.${table.table} took ${rows} rows, the backup has ${table.hash.rows}`, {
    table: `${table.schema}.${table.table}`,
    rows,
    rowsInBackup: table.hash.rows,
  })
}
