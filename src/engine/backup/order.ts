import type { Clock } from '#base/clock.ts'
import type { SystemSettings } from '#base/settings.ts'
import type { Random } from '#host/random.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { OnProgress } from '#engine/sources/source.ts'
import type { Manifest } from './manifest.ts'

/** What a backup is asked to hold. */
export interface BackupOrder {
  readonly system: string
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly purpose: Manifest['purpose']
  readonly databases: readonly { readonly name: string; readonly target: DatabaseTarget }[]
  readonly roots: readonly { readonly name: string; readonly path: string }[]
  readonly settings: SystemSettings
  /** zstd 1-19. */
  readonly compressionLevel: number
}

export interface Instruments {
  readonly clock: Clock
  readonly random: Random
  readonly onProgress: OnProgress
}
