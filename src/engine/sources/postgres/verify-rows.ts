import { strict as assert } from 'node:assert'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { copyOut } from './copy-out.ts'
import { quoteName, type Connection } from './connection.ts'
import type { DatabaseSection, RowsHash, TableSection } from './database-section.ts'
import { addRowsHash, noRows } from './row-hash.ts'
import type { StageWork } from './stage-options.ts'
import { analyzeTable } from './stage-finish.ts'
import { allOrFirst } from './stage-rows.ts'
import { connectStage } from './stage-session.ts'

/** Enough of the work to read a staging database back. */
type ReadingWork = Pick<StageWork, 'options' | 'stage' | 'connections' | 'toAnalyze' | 'notes'>
type Column = TableSection['columns'][number]

/** What must come out of one or more COPYs together. */
interface Comparison {
  /** As a person knows it: `schema.table`. */
  readonly what: string
  readonly expected: RowsHash
  found: RowsHash
}

interface Reading {
  readonly comparison: Comparison
  readonly statement: string
  /** Pages that it reads, to do the longest first. */
  readonly pages: number
}

/**
 * Reads every table back as it was captured (the same settings, columns and key) and compares number and sum with the
 * backup; generated columns apart. RESTORE_VERIFY names the first table that differs, with both. Statistics that were
 * left for now are computed meanwhile.
 */
export async function verifyRows(
  work: ReadingWork,
  tables: readonly TableSection[],
  signal: AbortSignal,
): Promise<{ rows: number; hashes: number }> {
  const readings = await planReadings(work, tables, signal)
  const waiting = readings.toSorted((a, b) => b.pages - a.pages)
  const toAnalyze = [...work.toAnalyze]
  const key = Buffer.from(work.options.section.hashKey, 'hex')
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  let doneBytes = 0
  const onBytes = (bytes: number) =>
    work.options.onProgress?.({ stage: 'verify', doneBytes: (doneBytes += bytes), totalBytes: totalOf(tables) })
  const session = async () => {
    await using connection = await connectStage(work.stage, work.options.section, either)
    for (let table = toAnalyze.shift(); table !== undefined; table = toAnalyze.shift()) await analyzeTable(connection, table, work.notes)
    for (let reading = waiting.shift(); reading !== undefined; reading = waiting.shift()) {
      const found = await hashCopy(connection, { statement: reading.statement, key, onBytes }, either)
      reading.comparison.found = addRowsHash(reading.comparison.found, found)
    }
  }
  await allOrFirst(Array.from({ length: Math.min(work.connections, waiting.length + toAnalyze.length) }, session), failed)
  const comparisons = new Set(readings.map(({ comparison }) => comparison))
  for (const comparison of comparisons) assertEqual(comparison.what, comparison.found, comparison.expected)
  return { rows: tables.reduce((sum, table) => sum + table.hash.rows, 0), hashes: comparisons.size }
}

/** The rows of one COPY: number and sum. The server's own count must agree with ours. */
export async function hashCopy(
  connection: Connection,
  { statement, key, onBytes }: { statement: string; key: Uint8Array; onBytes?: (bytes: number) => void },
  signal: AbortSignal,
): Promise<RowsHash> {
  const out = copyOut(connection, { statement, hashKey: key }, signal)
  for await (const bytes of out) onBytes?.(bytes.byteLength)
  const found = out.hash()
  assert.equal(found.rows, out.rows(), 'the row hash counts as the server does')
  return found
}

export function assertEqual(what: string, found: RowsHash, expected: RowsHash): void {
  if (found.rows === expected.rows && found.sum === expected.sum) return
  const fact =
    found.rows === expected.rows
      ? `${what} has ${found.rows} rows as in the backup, but their hash is ${found.sum}, not ${expected.sum}`
      : `${what} has ${found.rows} rows, the backup has ${expected.rows}`
  throw new Fault('RESTORE_VERIFY', fact, { table: what, rows: found.rows, rowsInBackup: expected.rows })
}

function totalOf(tables: readonly TableSection[]): number {
  return tables.reduce((sum, table) => sum + table.copyBytes, 0)
}

async function planReadings(work: ReadingWork, tables: readonly TableSection[], signal: AbortSignal): Promise<Reading[]> {
  await using connection = await connectStage(work.stage, work.options.section, signal)
  const sizes = await pagesOf(connection)
  const comparisons = new Map<string, Comparison>()
  // Rows that went in through a root may lie in other leaves than before: their sum over all leaves is the same.
  const compare = (what: string, expected: RowsHash): Comparison => {
    const before = comparisons.get(what)
    const comparison = { what, expected: before ? addRowsHash(before.expected, expected) : expected, found: noRows }
    if (before) return Object.assign(before, { expected: comparison.expected })
    comparisons.set(what, comparison)
    return comparison
  }
  return tables.flatMap((table) => {
    const size = sizes.get(quoteName(table.schema, table.table))
    const place = table.loadVia ?? table
    const name = `${place.schema}.${place.table}`
    const rows = ranges(size).map(({ where, pages }) => ({
      comparison: compare(name, noRows),
      statement: copyStatement(table, table.columns, where),
      pages,
    }))
    compare(name, table.hash)
    if (table.generated === undefined) return rows
    const comparison = compare(`${name} (generated columns)`, table.generated.hash)
    return [...rows, { comparison, statement: copyStatement(table, table.generated.columns, ''), pages: size?.pages ?? 0 }]
  })
}

interface TableSize {
  readonly pages: number
  readonly isRanged: boolean
}

/** TID range scans exist from PostgreSQL 14 on and for the heap alone; elsewhere a range would read the whole table. */
async function pagesOf(connection: Connection): Promise<Map<string, TableSize>> {
  const rows = await connection.query<{ schema: string; name: string; pages: string; isRanged: boolean }>(
    `select n.nspname as schema, c.relname as name,
       pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::bigint as pages,
       a.amname = 'heap' and current_setting('server_version_num')::int >= 140000 as "isRanged"
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       left join pg_catalog.pg_am a on a.oid = c.relam where c.relkind = 'r'`,
  )
  return new Map(rows.map(({ schema, name, pages, isRanged }) => [quoteName(schema, name), { pages: Number(pages), isRanged }]))
}

function ranges(size: TableSize | undefined): { where: string; pages: number }[] {
  if (size === undefined || !size.isRanged || size.pages <= limits.segmentPages) return [{ where: '', pages: size?.pages ?? 0 }]
  const parts: { where: string; pages: number }[] = []
  for (let from = 0; from < size.pages; from += limits.segmentPages) {
    const to = from + limits.segmentPages
    // The last one is open: rows may have come behind the size that was read.
    const end = to >= size.pages ? '' : ` and ctid < '(${to},0)'`
    parts.push({ where: ` where ctid >= '(${from},0)'${end}`, pages: limits.segmentPages })
  }
  return parts
}

function copyStatement(table: Pick<TableSection, 'schema' | 'table'>, columns: readonly Column[], where: string): string {
  const list = columns.map((column) => quoteName(column.name)).join(', ')
  return `copy (select ${list} from only ${quoteName(table.schema, table.table)}${where}) to stdout`
}

/** Everything whose rows stand in the dump and not in segments (SAFETY rule 19). */
export async function verifyDumpedRows(
  connection: Connection,
  { section, key, refused }: { section: DatabaseSection; key: Uint8Array; refused: readonly string[] },
  signal: AbortSignal,
): Promise<{ extensionTables: number; matviews: { compared: number; unpopulated: number; refreshed: string[] } }> {
  for (const { schema, name, columns, condition, hash } of section.extensionTables) {
    const from = `only ${quoteName(schema, name)}${condition === undefined || condition === '' ? '' : ` ${condition}`}`
    assertEqual(`${schema}.${name}`, await hashCopy(connection, { statement: copyFrom(from, columns), key }, signal), hash)
  }
  const matviews = { compared: 0, unpopulated: 0, refreshed: [] as string[] }
  for (const view of section.materializedViews) {
    const isRefused = refused.some((entry) => entry.startsWith(`MATERIALIZED VIEW DATA ${view.schema} ${view.name} `))
    if (!(await isPopulated(connection, view, isRefused))) {
      matviews.unpopulated += 1
      continue
    }
    const found = await hashCopy(connection, { statement: copyFrom(quoteName(view.schema, view.name), view.columns), key }, signal)
    // A restore computes a view anew; one that was stale in the original is then newer than it was. Named, not refused.
    if (found.rows === view.hash.rows && found.sum === view.hash.sum) matviews.compared += 1
    else matviews.refreshed.push(`${view.schema}.${view.name}`)
  }
  return { extensionTables: section.extensionTables.length, matviews }
}

/** As in the backup, but for one that the server could not compute, or that reads an unpopulated one: it comes back empty. */
async function isPopulated(
  connection: Connection,
  view: DatabaseSection['materializedViews'][number],
  isRefused: boolean,
): Promise<boolean> {
  const [row] = await connection.query<{ isPopulated: boolean; readsUnpopulated: boolean }>(
    `select c.relispopulated as "isPopulated", exists (
       select from pg_catalog.pg_rewrite r
         join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid
         join pg_catalog.pg_class below on d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and below.oid = d.refobjid
       where r.ev_class = c.oid and below.relkind = 'm' and below.oid <> c.oid and not below.relispopulated) as "readsUnpopulated"
     from pg_catalog.pg_class c where c.oid = $1::pg_catalog.regclass`,
    [quoteName(view.schema, view.name)],
  )
  if (row?.isPopulated === view.isPopulated || (row && view.isPopulated && (row.readsUnpopulated || isRefused))) return row.isPopulated
  const fact = `materialized view ${view.schema}.${view.name} is ${row?.isPopulated ? '' : 'not '}populated, unlike in the backup`
  throw new Fault('RESTORE_VERIFY', fact, { table: `${view.schema}.${view.name}` })
}

function copyFrom(from: string, columns: readonly Column[]): string {
  return `copy (select ${columns.map((column) => quoteName(column.name)).join(', ')} from ${from}) to stdout`
}
