import type { SnapshotId } from '#base/ids.ts'
import type { RetentionPolicy } from './keep-rules.ts'

/** What a policy does not keep, of one system or of all; or exactly these. */
export type ForgetRequest = Choice & {
  /** Why to delete although the clock seems to have jumped: somebody has looked at it (SAFETY rule 29). */
  readonly clockReason?: string
}

type Choice =
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
