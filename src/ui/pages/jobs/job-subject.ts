import type { Job } from '#contract/jobs.ts'

export interface JobSubject {
  readonly words: string
  readonly to: string
}

const backup = { words: 'Open the backup', path: '/backups/' }
const restore = { words: 'Open the restore', path: '/restores/' }
const plan = { words: 'Open the restore plan', path: '/restore/plans/' }
const pathsByKind: Readonly<Record<string, { readonly words: string; readonly path: string }>> = {
  backup,
  verify: backup,
  export: backup,
  import: backup,
  remove: backup,
  restore,
  undo: restore,
  release: restore,
  'restore-records': restore,
  'undo-records': restore,
  'release-records': restore,
  'restore-preview': plan,
  'records-preview': plan,
  drill: { words: 'Open the drill', path: '/drills/' },
}

/** Where what a job is about is shown: its backup, restore or drill first, then its system and repository. */
export function subjectsOf({
  kind,
  subjectId,
  systemId,
  repositoryId,
}: Pick<Job, 'kind' | 'subjectId' | 'systemId' | 'repositoryId'>): JobSubject[] {
  const own = pathsByKind[kind]
  return [
    ...(own && subjectId !== null ? [{ words: own.words, to: `${own.path}${subjectId}` }] : []),
    ...(systemId === null ? [] : [{ words: 'Its system', to: `/systems/${systemId}` }]),
    ...(repositoryId === null ? [] : [{ words: 'Its repository', to: `/storage/${repositoryId}` }]),
  ]
}
