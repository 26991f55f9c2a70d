import type { DatabaseRecord } from './database-record.ts'
import type { Outcome, Placement } from './swap-placement.ts'

/**
 * Where the swap of a record stands. `not-staged`: nothing but the live one. `half-staged`: a database of the staging's
 * name whose OID was never journaled. `staged`, `fenced`: the rename has not happened; `swapping`: it is going on, ask
 * again. `swapped-fenced`, `swapped`: it has; `released`: and the kept one is gone. `foreign`: none of these.
 */
export type DatabaseState =
  'not-staged' | 'half-staged' | 'staged' | 'fenced' | 'swapping' | 'swapped-fenced' | 'swapped' | 'released' | 'foreign'

/** The transaction's outcome and the names by OID must agree; where they do not, nothing is assumed (SAFETY rule 3). */
export function stateOf(record: DatabaseRecord, placement: Placement, outcome: Outcome): DatabaseState {
  if (placement.kind === 'foreign' || outcome === 'unknown') return 'foreign'
  if (outcome === 'in progress') return 'swapping'
  if (placement.kind === 'after' || placement.kind === 'dropped') {
    if (outcome === 'aborted') return 'foreign'
    if (placement.live && !placement.live.allowConnections && record.stageProperties.allowConnections) return 'swapped-fenced'
    return placement.kind === 'after' ? 'swapped' : 'released'
  }
  if (outcome === 'committed') return 'foreign'
  if (isFenced(record, placement)) return 'fenced'
  if (placement.kind === 'before') return 'staged'
  return placement.stage ? 'half-staged' : 'not-staged'
}

/** A database that was closed before tells nothing; then the staging, which a fence closes too, does. */
function isFenced(record: DatabaseRecord, { live, stage }: Placement): boolean {
  const isLiveClosed = live !== null && !live.allowConnections && (record.liveProperties?.allowConnections ?? false)
  return isLiveClosed || (stage !== null && isStaging(record) && !stage.allowConnections)
}

/** An undo's candidate is a kept database, which is closed before the fence and stays so when the fence is lifted. */
export function isStaging(record: DatabaseRecord): boolean {
  return record.candidate === undefined || record.candidate === 'staging'
}
