import type { BackupSummary } from '#contract/backup-summary.ts'

export type Gap = BackupSummary['gaps'][number]

interface GapWording {
  readonly words: string
  /** What to do about it. */
  readonly hint: string
}

const wordings: Readonly<Record<string, GapWording>> = {
  vanished: {
    words: 'Removed while it was read',
    hint: 'Nothing, when the application removes such files as it works. Otherwise leave them out by a pattern, or back up while it is paused.',
  },
  changed: {
    words: 'Changed in each reading',
    hint: 'Back up while the application is paused: a hook before the backup does that. A log or a temporary file is better left out by a pattern.',
  },
  unreadable: {
    words: 'Could not be read',
    hint: 'Let the user of the service read it, or run the service as root; when the disk is at fault, look at it first.',
  },
  'dangling-reference': {
    words: 'A row names a file that is not there',
    hint: 'Look whether the application has lost the file. If it keeps it elsewhere, add that directory to the system.',
  },
  'not-covered': {
    words: 'Not covered',
    hint: 'Look what it is under Systems, coverage, and add it or leave it out on purpose.',
  },
}

/** Of a kind that a newer engine may name: as it is. */
export function wordingOfGap({ kind }: Pick<Gap, 'kind'>): GapWording {
  return wordings[kind] ?? { words: kind.replaceAll('-', ' '), hint: 'Read its detail, and look at the source.' }
}
