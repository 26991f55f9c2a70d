import { messageOf } from '#base/fault.ts'
import { sqlStateOf, type Connection } from './connection.ts'
import { listDump, printEntries, restoreSection, type DumpEntry } from './stage-dump.ts'
import type { EarlyPostData } from './stage-early.ts'
import { restoreMapped } from './stage-mapped.ts'
import { restoreEntry } from './stage-refused.ts'
import type { StageWork } from './stage-options.ts'

/** Indexes, keys, triggers, rules, policies, publications, subscriptions (disabled), materialized views; event triggers last. */
export async function restorePostData(work: StageWork, early: EarlyPostData, signal: AbortSignal): Promise<void> {
  work.options.onProgress?.({ stage: 'post-data' })
  const entries = await listDump(work, 'post-data', signal)
  // An event trigger may forbid or change the DDL that comes after it, so nothing does.
  const first = entries.filter((entry) => !isEventTrigger(entry) && !early.done.has(entry.id))
  const last = entries.filter(isEventTrigger)
  work.notValid = await countNotValid(work, entries, signal)
  if (work.hasMappedRoles) return await restoreMapped(work, [...first, ...last], signal)
  const refused = await restoreSection(work, 'post-data', { jobs: work.connections, entries: first, isLenient: true }, signal)
  for (const entry of refused) await restoreAgain(work, entry, signal)
  await restoreSection(work, 'post-data', { entries: last }, signal)
}

function isEventTrigger({ text }: DumpEntry): boolean {
  return /^(EVENT TRIGGER |(COMMENT|SECURITY LABEL) - EVENT TRIGGER )/.test(text)
}

async function countNotValid(work: StageWork, entries: readonly DumpEntry[], signal: AbortSignal): Promise<number> {
  const added = entries.filter((entry) => /^(FK|CHECK) CONSTRAINT /.test(entry.text))
  return [...(await printEntries(work, added, signal)).matchAll(/ NOT VALID;$/gm)].length
}

/**
 * A foreign key that the rows break (somebody bypassed it) is made as it was in the original, marked valid, and noted:
 * refusing it would lose what the backup holds.
 */
async function restoreAgain(work: StageWork, entry: DumpEntry, signal: AbortSignal): Promise<void> {
  await restoreEntry(work, entry, {
    signal,
    otherwise: async ({ connection, sql, error }) => {
      if (!entry.text.startsWith('FK CONSTRAINT ') || sqlStateOf(error) !== '23503') return false
      await restoreBrokenKey(work, { connection, entry, sql, error })
      return true
    },
  })
}

async function restoreBrokenKey(
  work: StageWork,
  { connection, entry, sql, error }: { connection: Connection; entry: DumpEntry; sql: string; error: unknown },
): Promise<void> {
  const [before] = await connection.query<{ oid: string }>('select coalesce(max(oid), 0)::text as oid from pg_catalog.pg_constraint')
  await connection.query(sql.replace(/;(\s*(?:--[^\n]*\n|\s)*)$/, ' NOT VALID;$1'))
  if (work.chosen.length < work.options.section.tables.length) {
    work.notValid += 1
    work.notes.push(`${entry.text} refers to rows that were not chosen and is not validated`)
    return
  }
  await connection.query(
    `update pg_catalog.pg_constraint set convalidated = true where contype = 'f' and oid > $1::oid and not convalidated`,
    [before!.oid],
  )
  work.notes.push(`${entry.text} does not hold for the rows of the backup and was kept as it was: ${messageOf(error)}`)
}
