import type { Clock } from '#base/clock.ts'
import type { BootClock } from '#host/boot-clock.ts'
import type { Random } from '#host/random.ts'
import type { TrailKeys } from './audit/trail-keys.ts'
import type { Catalog } from './catalog/catalog.ts'
import type { Config } from './config.ts'
import type { EventStream } from './events/event-stream.ts'
import type { Authenticate } from './http/caller.ts'
import type { Queue } from './jobs/queue.ts'
import type { Log } from './log.ts'
import type { OpenRepositories } from './repositories/open-repositories.ts'
import type { Sealing } from './seal.ts'

/** What every slice works with: made once in `main.ts`, handed down as an argument, so that a test can hand over its own clock. */
export interface House {
  readonly config: Config
  readonly catalog: Catalog
  readonly clock: Clock
  readonly boot: BootClock
  readonly random: Random
  readonly log: Log
  readonly sealing: Sealing
  readonly trail: TrailKeys
  readonly queue: Queue
  /** What happens, to whoever listens in this process. */
  readonly events: EventStream
  /** Opened ones, for reading. */
  readonly repositories: OpenRepositories
  readonly authenticate: Authenticate
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal
}
