import type { SystemSettings } from '#base/settings.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import type { Instruments } from '#engine/backup/order.ts'
import type { PlannedMasks } from '#engine/masking/sanitization.ts'
import type { RootSection } from '#engine/sources/files/root-section.ts'
import type { DatabaseSection } from '#engine/sources/postgres/database-section.ts'
import type { RoleChoice } from '#engine/sources/postgres/roles.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { RestorePlan } from './plan.ts'

export interface RestoreOrder {
  /** Of the restore that the plan would be; a new one unless somebody has given it already. */
  readonly id?: string | undefined
  readonly opened: OpenedBackup
  readonly settings: SystemSettings
  /** What to restore, and where to. Absent target = where it was captured. */
  readonly databases: readonly DatabaseOrder[]
  readonly roots: readonly { readonly section: RootSection; readonly path: string }[]
  readonly lossRowsMax: number | null
  /** The backup is not masked, and what is restored of it shall be. */
  readonly masks?: PlannedMasks | undefined
}

export interface DatabaseOrder {
  readonly section: DatabaseSection
  readonly target: DatabaseTarget
  readonly roles: readonly RoleChoice[]
  /** `schema.table` of the only rows wanted; null for all. */
  readonly tables: readonly string[] | null
  /** Stated by the operator for a server whose disks cannot be seen from here. */
  readonly freeBytes: number | null
}

export interface RunOptions {
  readonly stateDirectory: string
  /** The name of the system, typed again. */
  readonly confirmed: string
  /** Why no safety backup is wanted; undefined = make one. */
  readonly withoutSafetyBackup?: string | undefined
  readonly compressionLevel: number
  readonly instruments: Instruments
  /** An attempt of this very restore was cut off, and recovery took it back: it is begun anew instead of PLAN_USED. */
  readonly isAgain?: boolean | undefined
  /** Asked last of all before the swap: a rejection gives the restore up. */
  readonly confirmSwap?: (() => Promise<void>) | undefined
}

export interface PlannedRestore {
  readonly plan: RestorePlan
  /** What the plan was made from, read again from the repository. */
  readonly order: RestoreOrder
}
