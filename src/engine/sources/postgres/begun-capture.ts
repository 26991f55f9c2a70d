import type { CaptureContext } from '#engine/sources/source.ts'
import type { CapturedCatalog } from './captured-catalog.ts'
import type { ClientTools } from './client-tools.ts'
import type { Connection } from './connection.ts'
import type { HeldSnapshot } from './hold-snapshot.ts'
import type { CaptureMasking } from './row-masks.ts'
import type { SessionSettings } from './session-settings.ts'
import type { SelectedRows, SelectRows } from './selected-rows.ts'
import type { RowReaders } from './snapshot-readers.ts'
import type { DatabaseTarget } from './target.ts'

export interface DatabaseSource {
  /** As the operator calls it. */
  readonly name: string
  readonly target: DatabaseTarget
  /** Sessions that read rows at once; one per core and at most four unless told. */
  readonly connections?: number
  readonly limits?: Partial<CaptureLimits>
  /** What becomes of the rows on their way. */
  readonly masking?: CaptureMasking | undefined
  /** Takes some of the rows; all unless given. */
  readonly select?: SelectRows | undefined
}

export interface CaptureLimits {
  readonly lockWaitMsMax: number
  readonly snapshotAgeMsMax: number
  readonly segmentPages: number
}

/** A capture whose snapshot is held and whose catalog is read: what remains is the rows. */
export interface BegunCapture {
  readonly source: DatabaseSource
  readonly context: CaptureContext
  readonly bounds: CaptureLimits
  readonly applicationName: string
  readonly server: { readonly number: number; readonly text: string }
  readonly tools: ClientTools
  readonly settings: SessionSettings
  readonly snapshot: HeldSnapshot
  readonly catalog: CapturedCatalog
  readonly readers: RowReaders
  /** Undefined when all rows are taken. */
  readonly selected: SelectedRows | undefined
  readonly watch: Connection
  readonly hashKey: Uint8Array
  readonly stop: AbortController
  /** The caller's signal or ours. */
  readonly signal: AbortSignal
}
