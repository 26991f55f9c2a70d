import { isCatalogCopy } from './catalog-copies.ts'
import { isCheckpoint } from './checkpoints.ts'
import { isHoldRecord } from './hold-records.ts'
import { isProof } from './proofs.ts'
import type { Snapshot } from './repository.ts'

/** What Integrum keeps beside the backups: no list shows it as one, and whoever writes it sees to its end. */
export function isOwnRecord(snapshot: Snapshot): boolean {
  return isProof(snapshot) || isCheckpoint(snapshot) || isHoldRecord(snapshot) || isCatalogCopy(snapshot)
}
