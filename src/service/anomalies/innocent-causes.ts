import { measures, type AnomalyFinding } from './compare.ts'

/** What happened to the system since the backup before. */
export interface Happened {
  /** A restore of ours went live. */
  readonly restoredAt: Date | null
  /** Its sources, exclusions or settings were changed. */
  readonly changedAt: Date | null
}

/** What may be behind it without any harm, so that whoever is woken knows where to look first. SAFETY rule 24. */
export function innocentCauses(findings: readonly AnomalyFinding[], { restoredAt, changedAt }: Happened): string[] {
  const found = new Set(findings.map(({ measure }) => measure))
  const hasLoss = findings.some(({ measure }) => measure !== measures.changed && measure !== measures.saved)
  return [
    ...(restoredAt
      ? [
          `a restore of this system went live at ${restoredAt.toISOString()}: the first backup after it stores rows again, and what it took back is gone`,
        ]
      : []),
    ...(changedAt ? [`the sources or settings of the system were changed at ${changedAt.toISOString()}`] : []),
    ...(hasLoss ? ['the application archived or purged old records, or a table or partition was dropped on purpose'] : []),
    ...(found.has(measures.changed)
      ? ['VACUUM FULL, CLUSTER or an update of every row of a large table: the rows are the same, and all of them are stored again']
      : []),
    ...(found.has(measures.saved) ? ['many new files that are compressed already, such as images or archives'] : []),
  ]
}
