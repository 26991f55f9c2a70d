import type { SystemView } from '#contract/systems.ts'
import type { BackupDraft } from './backup-draft.ts'

/** What each part of the form is given. */
export interface ExtentProps {
  readonly system: SystemView
  readonly draft: BackupDraft
  readonly onChange: (change: Partial<BackupDraft>) => void
}
