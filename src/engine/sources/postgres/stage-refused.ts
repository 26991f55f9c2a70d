import { Fault, messageOf } from '#base/fault.ts'
import { sqlStateOf, type Connection } from './connection.ts'
import { ownSearchPath } from './stage-checks.ts'
import { printEntries, restoreText, type DumpEntry } from './stage-dump.ts'
import type { StageWork } from './stage-options.ts'
import { connectStage } from './stage-session.ts'

interface RestoreEntry {
  readonly signal: AbortSignal
  /** Another way to make it; true when that was possible. */
  readonly otherwise?: (refused: { connection: Connection; sql: string; error: unknown }) => Promise<boolean>
}

/**
 * One entry that pg_restore could not make, tried again. pg_restore works under an empty search path, on which functions
 * behind an index, a key or a view may not find what they name; here they run under the database's own. What the server
 * refuses even so (a view that divides by zero, a unique index over rows that are not unique, a library that is not here)
 * is left out with a note when no row depends on it: refusing the whole restore would lose far more.
 */
export async function restoreEntry(work: StageWork, entry: DumpEntry, { signal, otherwise }: RestoreEntry): Promise<void> {
  await using connection = await connectStage(work.stage, work.options.section, signal)
  const text = restoreText(await printEntries(work, [entry], signal))
  const sql = text.replace(
    /^SELECT pg_catalog\.set_config\('search_path', '', false\);$/m,
    `set search_path = ${ownSearchPath(work.options.section)};`,
  )
  try {
    await connection.query(sql)
  } catch (error) {
    if (await otherwise?.({ connection, sql, error })) return
    if (holdsRows.test(entry.text) || !isOfTheObject(sqlStateOf(error)))
      throw new Fault('DATABASE_TOOL', `${entry.text} cannot be restored: ${messageOf(error)}`, { entry: entry.id }, { cause: error })
    work.refused.push(entry.text)
    work.notes.push(`${entry.text} was left out: ${messageOf(error)}`)
  }
}

/** Rows would have no place, or another shape. */
const holdsRows = /^(SCHEMA|TABLE|TABLE ATTACH|TABLE DATA|SEQUENCE|SEQUENCE OWNED BY|DEFAULT|EXTENSION|BLOBS?|BLOB METADATA) /

/**
 * The object itself is refused; not the role (42501), nor for want of a connection, space, a lock or sanity (PostgreSQL
 * "Appendix A": classes 08, 25, 40, 53, 57, XX, and 55 but for 55000), which trying again may cure.
 */
function isOfTheObject(sqlState: string | undefined): boolean {
  return sqlState !== undefined && sqlState !== '42501' && !/^(08|25|40|53|55(?!000)|57|XX)/.test(sqlState)
}
