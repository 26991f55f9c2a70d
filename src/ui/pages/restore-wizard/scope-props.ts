import type { BackupView } from '#contract/backups.ts'
import type { BackupParts, OwnPlaces, PreviewOrder, ScopeChoice } from './scope-order.ts'

export interface ScopeStepProps {
  readonly backupId: string
  readonly type: BackupView['type']
  readonly systemId: string | null
  readonly parts: BackupParts
  readonly own: OwnPlaces | null
  readonly choice: ScopeChoice
  readonly change: (part: Partial<ScopeChoice>) => void
  readonly isBusy: boolean
  readonly error: unknown
  readonly onPlan: (order: PreviewOrder) => void
  readonly onBack: () => void
}

export interface ScopePartProps extends ScopeStepProps {
  readonly faults: Readonly<Record<string, string>>
}
