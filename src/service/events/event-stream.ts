import type { Clock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import type { Catalog } from '#service/catalog/catalog.ts'
import { listen } from '#service/catalog/listening.store.ts'
import { everything } from '#service/catalog/scope.ts'
import type { Log } from '#service/log.ts'
import { deleteEventsBefore, eventsChannel, newestEventId, readEvents, type StoredEvent } from './events.store.ts'

/** What has happened, as it happens, to whoever listens in this process. */
export interface EventStream extends AsyncDisposable {
  /**
   * Every event from here on, in the order of their ids. Resolves with the id of the last one before: what a listener
   * missed up to there it reads from the table.
   */
  subscribe(onEvent: (event: StoredEvent) => void): Promise<Subscription>
}

export interface Subscription extends Disposable {
  readonly from: number
}

const lookEveryMs = 2 * durations.second
const pruneEveryMs = durations.hour
const keptMs = durations.day
const batch = 500

/**
 * A transaction takes the id of its event before it is committed, so a lower id may appear after a higher one. What comes
 * behind such a gap waits so long; then the gap is of a transaction that was taken back.
 */
const gapPatienceMs = 3 * durations.second

export interface EventStreamParts {
  readonly catalog: Catalog
  readonly clock: Clock
  readonly log: Log
}

export function openEventStream(parts: EventStreamParts): EventStream {
  return new TableStream(parts)
}

class TableStream implements EventStream {
  readonly #parts: EventStreamParts
  readonly #listeners = new Set<(event: StoredEvent) => void>()
  readonly #scope = new AsyncDisposableStack()
  /** All up to here were told. Undefined while nobody listens. */
  #told: number | undefined
  #gapSinceMs: number | undefined
  #looking: Promise<void> = Promise.resolve()
  #isLookWanted = false

  constructor(parts: EventStreamParts) {
    this.#parts = parts
    const { catalog, clock } = parts
    this.#scope.use(listen({ connection: catalog.connection, clock, channels: [eventsChannel], onNotice: () => this.#look() }))
    this.#scope.use(clock.every(lookEveryMs, () => this.#look()))
    this.#scope.use(clock.every(pruneEveryMs, () => void this.#prune()))
  }

  async subscribe(onEvent: (event: StoredEvent) => void): Promise<Subscription> {
    // The table is read from one place at a time, so nothing falls between.
    const subscribed = this.#looking.then(async () => {
      if (this.#listeners.size === 0) {
        this.#told = await this.#parts.catalog.as(everything, newestEventId)
        this.#gapSinceMs = undefined
      }
      this.#listeners.add(onEvent)
      return this.#told!
    })
    this.#looking = subscribed.then(
      () => undefined,
      () => undefined, // Whoever subscribes is told.
    )
    return { from: await subscribed, [Symbol.dispose]: () => void this.#listeners.delete(onEvent) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear()
    await this.#scope.disposeAsync()
    await this.#looking
  }

  #look(): void {
    if (this.#listeners.size === 0 || this.#isLookWanted) return
    this.#isLookWanted = true
    this.#looking = this.#looking.then(async () => {
      this.#isLookWanted = false
      try {
        while (this.#listeners.size > 0 && (await this.#tellNext()) === batch);
      } catch (error) {
        this.#parts.log.warn({ err: error }, 'events cannot be read; the next look is soon')
      }
    })
  }

  async #tellNext(): Promise<number> {
    const { catalog, clock } = this.#parts
    const events = await catalog.as(everything, (tx) => readEvents(tx, { after: this.#told!, limit: batch }))
    for (const event of events) {
      if (event.id !== this.#told! + 1) {
        this.#gapSinceMs ??= clock.monotonicMs()
        if (clock.monotonicMs() - this.#gapSinceMs < gapPatienceMs) return 0
      }
      this.#gapSinceMs = undefined
      this.#told = event.id
      for (const tell of this.#listeners) tell(event)
    }
    return events.length
  }

  async #prune(): Promise<void> {
    const { catalog, clock, log } = this.#parts
    try {
      await catalog.as(everything, (tx) => deleteEventsBefore(tx, new Date(clock.now().getTime() - keptMs)))
    } catch (error) {
      log.warn({ err: error }, 'old events cannot be deleted')
    }
  }
}
