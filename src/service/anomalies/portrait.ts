import type { BackupMetadata } from '#service/backups/summary.ts'

/** A backup in numbers, as it is compared with those before it. */
export interface Portrait {
  /** Rows and files, before anything was saved. */
  readonly logicalBytes: number
  /** Of these, what the repository did not have; null when nobody counted. */
  readonly newBytes: number | null
  /** What the new bytes became, compressed and sealed. */
  readonly storedBytes: number | null
  /** Rows of each table, files of each root, by `rows main.public.patient` and `files uploads`. */
  readonly counts: ReadonlyMap<string, number>
}

export interface PastPortrait extends Portrait {
  /** Measures in which it was unlike those before it, and somebody said that this is right: the usual begins with it. */
  readonly accepted: readonly string[]
}

/** Undefined for a backup whose manifest was never read. */
export function portraitOf({
  metadata: { summary, tables },
  logicalBytes,
  storedBytes,
}: {
  readonly metadata: BackupMetadata
  readonly logicalBytes: number | null
  readonly storedBytes: number | null
}): Portrait | undefined {
  if (!summary || !tables || logicalBytes === null) return undefined
  const counts = new Map<string, number>()
  for (const { database, schema, table, rows } of tables) counts.set(`rows ${database}.${schema}.${table}`, rows)
  for (const { name, files } of summary.roots) counts.set(`files ${name}`, files)
  return { logicalBytes, newBytes: summary.statistics.newBytes, storedBytes, counts }
}
