import { createHash } from 'node:crypto'
import type { BlobId } from '#base/ids.ts'
import type { Random } from '#host/random.ts'
import type { StorageName } from '#engine/storage/storage.ts'
import type { CheckProgress } from './check-findings.ts'
import type { CheckedPlace } from './check.ts'
import type { Losses } from './losses.ts'
import type { BlobType } from './pack.ts'
import type { Snapshot } from './repository.ts'

/** A repository as repair takes it: not opened, since what is damaged may not open. */
export interface RepairPlace extends CheckedPlace {
  readonly random: Random
}

export interface RepairOptions {
  /** `quick`: what a quick check sees. `full`: every byte is read and hashed as well. */
  readonly depth: 'quick' | 'full'
  /** For each damaged backup a second snapshot is written, without what is lost. */
  readonly withGaps?: boolean
  readonly onProgress?: (progress: CheckProgress) => void
}

/**
 * - `set-aside`: nothing of it can be used where it is; it is moved to `damaged/`.
 * - `copy`: a pack whose whole pieces are copied into new packs; then it is set aside.
 * - `rename`: whole, but under another's name; it is stored under its own.
 * - `index`: a whole pack that no index names, or wrongly; it comes into a new index.
 * - `forget`: a pack that is gone; the index no longer names it.
 * - `replace`: a sound index file that names packs which go; a new one takes its place.
 * - `make`: the config, made anew.
 * - `write`: a snapshot of what is whole of a damaged one.
 */
export type RepairAct = 'set-aside' | 'copy' | 'rename' | 'index' | 'forget' | 'replace' | 'make' | 'write'

export interface RepairDecision {
  readonly name: StorageName
  readonly act: RepairAct
  readonly reason: string
}

export interface LostBlob {
  readonly type: BlobType
  readonly id: BlobId
}

/** What one backup has lost: the rest of it can be restored. The damaged snapshot itself always stays. */
export interface DamagedBackup {
  readonly snapshot: Snapshot
  readonly losses: Losses
}

export interface RepairPlan {
  readonly location: string
  readonly depth: RepairOptions['depth']
  readonly withGaps: boolean
  /** Empty when there is nothing to repair. */
  readonly decisions: readonly RepairDecision[]
  /** Pieces that are whole nowhere; `first` are the first `limits.repairLossesMax`. */
  readonly lostBlobs: { readonly count: number; readonly first: readonly LostBlob[] }
  readonly damagedBackups: readonly DamagedBackup[]
  readonly snapshots: number
  readonly digest: string
}

/** Of everything that would be done and of the files that were seen: what `executeRepair` finds must be the same. */
export function repairDigest(plan: Omit<RepairPlan, 'digest'>, seen: readonly StorageName[]): string {
  const { location, depth, withGaps, decisions, lostBlobs, damagedBackups } = plan
  const backups = damagedBackups.map(({ snapshot, losses }) => [snapshot.id, losses])
  return createHash('sha256')
    .update(JSON.stringify([location, depth, withGaps, decisions, lostBlobs, backups, seen.toSorted()]))
    .digest('hex')
}
