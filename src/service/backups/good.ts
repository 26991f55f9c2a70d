import type { ListedBackup } from './backups.store.ts'

/** Something is in doubt: until a person or a passed drill settles the alarm, no policy and nobody's deletion takes it away. */
export function isKeptByAlarm(row: Pick<ListedBackup, 'held_by_alert'>): boolean {
  return row.held_by_alert !== null
}

/** Unlike those before it, and nobody said that it may be (SAFETY rule 28). */
export function isAnomalous(row: Pick<ListedBackup, 'anomaly' | 'anomaly_verdict'>): boolean {
  return row.anomaly !== null && row.anomaly_verdict !== 'accepted'
}
