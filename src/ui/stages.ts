import type { Job } from '#contract/jobs.ts'
import { sentenceCase } from './words.ts'

export interface Stage {
  readonly words: string
  /** Of the names that the engine gives, those that belong here. */
  readonly names: readonly string[]
}

const proving: Stage = { words: 'Compare with the backup', names: ['verify', 'verify files'] }

/** In the order in which they come; a backup of several sources may go back to the one before. */
const stagesByKind: Readonly<Record<string, readonly Stage[]>> = {
  backup: [
    { words: 'One point in time', names: ['snapshot'] },
    { words: 'Read and store', names: ['store'] },
    { words: 'Seal the manifest', names: ['finish'] },
  ],
  verify: [proving],
  restore: [
    // Made as any backup is, within the restore.
    { words: 'Safety backup', names: ['safety backup', 'snapshot', 'store', 'finish'] },
    { words: 'Build beside', names: ['pre-data', 'load', 'post-data', 'stage files'] },
    proving,
    { words: 'Swap', names: ['swap'] },
  ],
  'records-preview': [
    { words: 'Private place', names: ['prepare'] },
    { words: 'Load the backup', names: ['pre-data', 'load', 'post-data'] },
    proving,
    { words: 'Lay beside what is live', names: ['compare'] },
  ],
  'restore-records': [{ words: 'Write and prove', names: ['apply'] }],
  'undo-records': [{ words: 'Write and prove', names: ['undo'] }],
  release: [{ words: 'Back up what was replaced', names: ['snapshot', 'store', 'finish'] }, proving],
  drill: [
    { words: 'Private place', names: ['prepare'] },
    { words: 'Restore', names: ['pre-data', 'load', 'post-data', 'stage files'] },
    proving,
    { words: 'Look at every row', names: ['search'] },
  ],
}

const wordsOfKinds: Readonly<Record<string, string>> = {
  backup: 'Backup',
  verify: 'Verification',
  restore: 'Restore',
  undo: 'Undoing a restore',
  release: 'Release of a replaced state',
  'restore-preview': 'Restore preview',
  'records-preview': 'Comparison of records',
  'restore-records': 'Restore of records',
  'undo-records': 'Undoing a restore of records',
  'release-records': 'Release of records',
  drill: 'Drill',
  'repository-check': 'Repository check',
  export: 'Download',
  import: 'Import',
  remove: 'Removal of a backup',
  prune: 'Freeing space',
  'hold-records': 'Records of holds',
  'audit-copy': 'Copy of the audit trail',
  'catalog-copy': 'Copy of the catalog',
}

/** Every kind that has words of its own, in the order in which people look for them. */
export const kindsOfJobs: readonly string[] = Object.keys(wordsOfKinds)

export function kindWords(kind: string): string {
  return wordsOfKinds[kind] ?? sentenceCase(kind)
}

export function isOver({ status }: Pick<Job, 'status'>): boolean {
  return status !== 'pending' && status !== 'in_progress'
}

export function stagesOf(kind: string): readonly Stage[] {
  return stagesByKind[kind] ?? []
}

/** Where a job is among its stages; -1 before the first, and for kinds without. */
export function stageIndex({ kind, stage }: Pick<Job, 'kind' | 'stage'>): number {
  return stage === null ? -1 : stagesOf(kind).findIndex(({ names }) => names.includes(stage))
}

export function stageWords({ kind, stage }: Pick<Job, 'kind' | 'stage'>): string {
  if (stage === null) return 'Getting ready'
  return stagesOf(kind)[stageIndex({ kind, stage })]?.words ?? sentenceCase(stage)
}
