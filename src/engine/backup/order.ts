import type { Clock } from '#base/clock.ts'
import type { BackupId } from '#base/ids.ts'
import type { SystemSettings } from '#base/settings.ts'
import type { Random } from '#host/random.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { Original } from '#engine/masking/sanitization.ts'
import type { RootSection } from '#engine/sources/files/root-section.ts'
import type { Capture, CaptureContext, Gap, OnProgress } from '#engine/sources/source.ts'
import type { Manifest } from './manifest.ts'
import type { SelectionOrder } from './selection-order.ts'

/** What a backup is asked to hold. */
export interface BackupOrder {
  /** The id that the backup gets, when whoever asks knows it already; a new one otherwise. */
  readonly id?: BackupId | undefined
  readonly system: string
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly purpose: Manifest['purpose']
  readonly databases: readonly { readonly name: string; readonly target: DatabaseTarget }[]
  readonly roots: readonly RootOrder[]
  readonly settings: SystemSettings
  /** A backup for another place: what `settings.masks` names is masked under this key. */
  readonly masking?: MaskOrder | undefined
  /** Takes this alone, of the databases and roots that are given; everything of them unless it is given. */
  readonly selection?: SelectionOrder | undefined
  /** zstd 1-19. */
  readonly compressionLevel: number
  /** Where the sources were imported from, when they are not the system itself. */
  readonly imported?: Manifest['imported']
  /** What was missing before the capture began. */
  readonly gaps?: readonly Gap[]
}

export interface MaskOrder {
  /** 32 bytes. */
  readonly key: Uint8Array
  readonly keyedBy: 'repository' | 'key-file'
  /** When the databases that are captured are those of a backup, brought back for this alone. */
  readonly copyOf?: CopiedBackup | undefined
}

export interface CopiedBackup {
  readonly backup: string
  readonly startedAt: string
  readonly originals: readonly Original[]
  /** File roots that it has. */
  readonly roots: readonly string[]
}

export interface RootOrder {
  readonly name: string
  readonly path: string
  /** What is captured in place of the directory at `path`, such as an archive. */
  readonly open?: (context: CaptureContext) => Promise<Capture<RootSection>>
}

export interface Instruments {
  readonly clock: Clock
  readonly random: Random
  readonly onProgress: OnProgress
  /** Where this machine keeps what makes its next backup faster. It may be lost at any time. */
  readonly cache?: LocalCache | undefined
}

export interface LocalCache {
  readonly directory: string
  /** Told what was in the way of reading or writing it. */
  readonly onTrouble: (detail: string) => void
}
