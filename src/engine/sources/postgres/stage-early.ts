import { isFault } from '#base/fault.ts'
import { throwIfCancelled } from '#base/clock.ts'
import { quoteName, sqlStateOf, type Connection } from './connection.ts'
import type { TableSection } from './database-section.ts'
import { listDump, textOfEach, type DumpEntry } from './stage-dump.ts'
import type { StageWork } from './stage-options.ts'

/** A plain index or key, which needs nothing but the rows of its tables. */
interface EarlyEntry {
  readonly entry: DumpEntry
  readonly sql: string
  /** Quoted names of the tables that must be loaded. */
  readonly tables: readonly string[]
}

/** What may be done while other tables are still being loaded: one session loads the giant, others need not wait. */
export class EarlyPostData {
  readonly #waiting: EarlyEntry[]
  readonly #loaded = new Set<string>()
  readonly #done = new Set<number>()
  readonly #analyzed = new Set<string>()

  constructor(waiting: readonly EarlyEntry[]) {
    this.#waiting = [...waiting]
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

  /** Not partitions: the statistics of their root are computed later, and theirs along with them. */
  async #analyze(connection: Connection, isWorth: () => boolean, signal: AbortSignal): Promise<void> {
    for (const table of this.#loaded) {
      throwIfCancelled(signal)
      if (!isWorth()) return
      if (this.#analyzed.has(table)) continue
      this.#analyzed.add(table)
      try {
        const [found] = await connection.query<{ isPartition: boolean }>(
          'select relispartition as "isPartition" from pg_catalog.pg_class where oid = $1::pg_catalog.regclass',
          [table],
        )
        if (found?.isPartition === false) await connection.query(`analyze ${table}`)
        else this.#analyzed.delete(table)
      } catch (error) {
        this.#analyzed.delete(table)
        if (!isFault(error, 'DATABASE_QUERY') || sqlStateOf(error) === undefined) throw error
      }
    }
  }
}

/**
 * Finds them by the form that pg_dump gives them: columns alone, no expressions and no WHERE, whose functions might look
 * into tables that are not there yet. None where names are rewritten, or where SET default_tablespace stands between
 * entries, which they would lose.
 */
export async function planEarly(work: StageWork, signal: AbortSignal): Promise<EarlyPostData> {
  if (work.hasMappedRoles || work.options.section.tablespaces.length > 1) return new EarlyPostData([])
  const entries = (await listDump(work, 'post-data', signal)).filter(({ text }) => /^(INDEX|CONSTRAINT|FK CONSTRAINT) /.test(text))
  const texts = await textOfEach(work, entries, signal)
  const own = new Set(work.chosen.map(({ schema, table }) => quoteName(schema, table)))
  const early = entries.flatMap((entry): EarlyEntry[] => {
    const sql = texts.get(entry.id)
    const tables = sql === undefined ? undefined : tablesOf(sql)
    return tables?.every((table) => own.has(table)) ? [{ entry, sql: sql!, tables }] : []
  })
  return new EarlyPostData(early)
}

const identifier = '(?:"(?:[^"]|"")*"|[a-z_][a-z0-9_$]*)'
const qualified = `(${identifier})\\.(${identifier})`
const indexForm = new RegExp(
  `^CREATE (?:UNIQUE )?INDEX ${identifier} ON ${qualified} USING [a-z]+ \\([^()]*\\)(?: INCLUDE \\([^()]*\\))?;$`,
  'm',
)
const keyForm = new RegExp(
  `^ALTER TABLE ONLY ${qualified}\\n    ADD CONSTRAINT ${identifier} (?:PRIMARY KEY|UNIQUE) \\([^()]*\\)(?: INCLUDE \\([^()]*\\))?;$`,
  'm',
)
const foreignForm = new RegExp(
  `^ALTER TABLE ONLY ${qualified}\\n    ADD CONSTRAINT ${identifier} FOREIGN KEY \\([^()]*\\) REFERENCES ${qualified}\\([^()]*\\)[^;]*;$`,
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
