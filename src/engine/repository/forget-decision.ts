import type { SnapshotId } from '#base/ids.ts'
import type { RetentionPolicy } from './retention.ts'

/** What a policy does not keep, of one system or of all; or exactly these. */
export type ForgetRequest =
  | { readonly kind: 'policy'; readonly policy: RetentionPolicy; readonly system?: string }
  | { readonly kind: 'chosen'; readonly snapshots: readonly SnapshotId[] }

export interface ForgetDecision {
  readonly snapshot: SnapshotId
  readonly time: Date
  readonly tags: readonly string[]
  readonly act: 'keep' | 'forget'
  /** Why, for both. */
  readonly reasons: readonly string[]
}
