import { isFault } from '#base/fault.ts'
import { throwIfCancelled } from '#base/clock.ts'
import { quoteName, sqlStateOf, type Connection } from './connection.ts'
import type { TableSection } from './database-section.ts'
import { listDump, textOfEach, type DumpEntry } from './stage-dump.ts'
import type { StageWork } from './stage-options.ts'
import { connectStage } from './stage-session.ts'

/** A plain index or key, which needs nothing but the rows of its tables. */
export interface EarlyEntry {
  readonly entry: DumpEntry
  readonly sql: string
  /** Quoted names of the tables that must be loaded. */
  readonly tables: readonly string[]
}

/** The tables that hold the rows of a partitioned one, all by their quoted names; of the topmost ones alone. */
type Leaves = ReadonlyMap<string, readonly string[]>

/** What may be done while other tables are still being loaded: one session loads the giant, others need not wait. */
export class EarlyPostData {
  readonly #waiting: EarlyEntry[]
  readonly #leavesOf: Leaves
  readonly #loaded = new Set<string>()
  readonly #done = new Set<number>()
  readonly #analyzed = new Set<string>()

  constructor(waiting: readonly EarlyEntry[], leavesOf: Leaves) {
    this.#waiting = [...waiting]
    this.#leavesOf = leavesOf
  }

  /** Ids of entries that post-data need not do again. */
  get done(): ReadonlySet<number> {
    return this.#done
  }

  /** Quoted names of tables whose statistics are there, but for those that indexes and statistics made later ask for. */
  get analyzed(): ReadonlySet<string> {
    return this.#analyzed
  }

  loaded(table: TableSection): void {
    this.#loaded.add(quoteName(table.schema, table.table))
  }

  /** Does what can be done, for as long as `isWorth` says so. What the server refuses is left to post-data, which tells why. */
  async work(connection: Connection, isWorth: () => boolean, signal: AbortSignal): Promise<void> {
    while (isWorth()) {
      throwIfCancelled(signal)
      const at = this.#waiting.findIndex(({ tables }) => tables.every((table) => this.#loaded.has(table)))
      if (at < 0) break
      const [next] = this.#waiting.splice(at, 1)
      try {
        // One message is one transaction: an entry of several statements is done as a whole or not at all.
        await connection.query(next!.sql)
        this.#done.add(next!.entry.id)
      } catch (error) {
        if (!isFault(error, 'DATABASE_QUERY') || sqlStateOf(error) === undefined) throw error
      }
    }
    await this.#analyze(connection, isWorth, signal)
  }

  /** Partitions together with their root, once all of them are loaded. */
  async #analyze(connection: Connection, isWorth: () => boolean, signal: AbortSignal): Promise<void> {
    const leaves = [...this.#leavesOf.values()].flat()
    for (const table of [...this.#loaded, ...this.#leavesOf.keys()]) {
      throwIfCancelled(signal)
      if (!isWorth()) return
      const isDue = this.#leavesOf.get(table)?.every((leaf) => this.#loaded.has(leaf)) ?? !leaves.includes(table)
      if (!isDue || this.#analyzed.has(table)) continue
      this.#analyzed.add(table)
      try {
        await connection.query(`analyze ${table}`)
      } catch (error) {
        this.#analyzed.delete(table)
        if (!isFault(error, 'DATABASE_QUERY') || sqlStateOf(error) === undefined) throw error
      }
    }
  }
}

/**
 * Finds them in the dump by the form that pg_dump gives them: columns alone, no expressions and no WHERE but of a bare
 * column, whose functions might look into tables that are not there yet. None where names are rewritten, or where SET
 * default_tablespace stands between entries, which they would lose.
 */
export async function plainEntries(work: StageWork, signal: AbortSignal): Promise<EarlyEntry[]> {
  if (work.hasMappedRoles || work.options.section.tablespaces.length > 1) return []
  const entries = (await listDump(work, 'post-data', signal)).filter(({ text }) => /^(INDEX|CONSTRAINT|FK CONSTRAINT) /.test(text))
  const texts = await textOfEach(work, entries, signal)
  return entries.flatMap((entry): EarlyEntry[] => {
    const sql = texts.get(entry.id)
    const tables = sql === undefined ? undefined : tablesOf(sql)
    return tables === undefined ? [] : [{ entry, sql: sql!, tables }]
  })
}

/** Once the tables are there; those of which no row was chosen stay out of it. */
export async function planEarly(work: StageWork, plain: readonly EarlyEntry[], signal: AbortSignal): Promise<EarlyPostData> {
  const leavesOf = await readLeaves(work, signal)
  const own = new Set(work.chosen.map(({ schema, table }) => quoteName(schema, table)))
  const early = plain
    .map((entry) => ({ ...entry, tables: entry.tables.flatMap((table) => leavesOf.get(table) ?? [table]) }))
    .filter(({ tables }) => tables.every((table) => own.has(table)))
  return new EarlyPostData(early, leavesOf)
}

async function readLeaves(work: StageWork, signal: AbortSignal): Promise<Leaves> {
  await using connection = await connectStage(work.stage, work.options.section, signal)
  const rows = await connection.query<Record<'schema' | 'name' | 'leafSchema' | 'leafName', string>>(
    `select n.nspname as schema, c.relname as name, ln.nspname as "leafSchema", l.relname as "leafName"
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       cross join lateral pg_catalog.pg_partition_tree(c.oid) part
       join pg_catalog.pg_class l on l.oid = part.relid join pg_catalog.pg_namespace ln on ln.oid = l.relnamespace
     where c.relkind = 'p' and not c.relispartition and part.isleaf and l.relkind <> 'p'`,
  )
  const leaves = new Map<string, string[]>()
  for (const { schema, name, leafSchema, leafName } of rows) {
    const root = quoteName(schema, name)
    leaves.set(root, [...(leaves.get(root) ?? []), quoteName(leafSchema, leafName)])
  }
  return leaves
}

const identifier = '(?:"(?:[^"]|"")*"|[a-z_][a-z0-9_$]*)'
const qualified = `(${identifier})\\.(${identifier})`
const bareColumn = `(?:${identifier}|\\(NOT ${identifier}\\)|\\(${identifier} IS (?:NOT )?NULL\\))`
const indexForm = new RegExp(
  `^CREATE (?:UNIQUE )?INDEX ${identifier} ON ${qualified} USING [a-z]+ \\([^()]*\\)(?: INCLUDE \\([^()]*\\))?(?: WHERE ${bareColumn})?;$`,
  'm',
)
const keyForm = new RegExp(
  `^ALTER TABLE ONLY ${qualified}\\n    ADD CONSTRAINT ${identifier} (?:PRIMARY KEY|UNIQUE) \\([^()]*\\)(?: INCLUDE \\([^()]*\\))?;$`,
  'm',
)
const foreignForm = new RegExp(
  `^ALTER TABLE (?:ONLY )?${qualified}\\n    ADD CONSTRAINT ${identifier} FOREIGN KEY \\([^()]*\\) REFERENCES ${qualified}\\([^()]*\\)[^;]*;$`,
  'm',
)

/** The tables of a plain index or key, by its SQL text; undefined for anything else. */
export function tablesOf(sql: string): string[] | undefined {
  const match = indexForm.exec(sql) ?? keyForm.exec(sql) ?? foreignForm.exec(sql)
  if (!match) return undefined
  const names = match.slice(1).filter((part) => part !== undefined)
  const plain = names.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name))
  return plain.length === 4 ? [quoteName(plain[0]!, plain[1]!), quoteName(plain[2]!, plain[3]!)] : [quoteName(plain[0]!, plain[1]!)]
}
