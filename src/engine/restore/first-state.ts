import type { JournalState } from './journal.ts'
import type { RestorePlan } from './plan.ts'

/** The journal of a restore that has not begun yet, from its plan. */
export function firstState(plan: RestorePlan, { at, reason }: { readonly at: Date; readonly reason: string | null }): JournalState {
  const { beforeSwap, afterSwap } = plan.settings.hooks
  return {
    format: 1,
    restore: plan.restore,
    kind: 'restore',
    undoes: null,
    system: plan.system,
    backup: plan.backup,
    repositoryId: plan.repositoryId,
    manifestChecksum: plan.manifestChecksum,
    planDigest: plan.digest,
    createdAt: at.toISOString(),
    step: 'prepared',
    isDecided: false,
    databases: plan.databases.map(({ record }) => record),
    roots: plan.roots.map(({ record }) => record),
    standbys: plan.databases.flatMap(({ standbys }) => standbys),
    hooks: { ...(beforeSwap && { beforeSwap }), ...(afterSwap && { afterSwap }) },
    safetyBackup: null,
    reason,
    rowsWrittenMeanwhile: null,
    appeared: [],
    notRestored: [],
    notes: [],
    verified: null,
    swappedAt: null,
    unreachableMs: null,
    undoUntil: null,
    releaseBackup: null,
    failure: null,
  }
}
