import { systemClock } from '#base/clock.ts'
import { connect, type Connection } from '#engine/sources/postgres/connection.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'

export interface Experience {
  readonly writes: number
  readonly failures: number
  /** Longest time between two writes that the server confirmed. */
  readonly longestGapMs: number
}

/** An application that writes all the time and connects again when it is thrown out: what its users go through. */
export class WritingClient {
  readonly #target: DatabaseTarget
  readonly #stop = new AbortController()
  readonly #running: Promise<Experience>

  constructor(target: DatabaseTarget) {
    this.#target = target
    this.#running = this.#run()
  }

  static async prepare(connection: Connection): Promise<void> {
    await connection.query('create table public.heartbeat (beat bigint not null)')
    await connection.query('insert into public.heartbeat values (0)')
  }

  /** Takes its traces away, so that they do not count as a difference. */
  static async rest(target: DatabaseTarget): Promise<void> {
    await using connection = await connect(target)
    await connection.query('update public.heartbeat set beat = 0')
  }

  stop(): Promise<Experience> {
    this.#stop.abort()
    return this.#running
  }

  async #run(): Promise<Experience> {
    let writes = 0
    let failures = 0
    let longestGapMs = 0
    let lastMs = systemClock.monotonicMs()
    while (!this.#stop.signal.aborted) {
      try {
        await using connection = await connect(this.#target)
        while (!this.#stop.signal.aborted) {
          await connection.query('update public.heartbeat set beat = beat + 1')
          writes += 1
          const nowMs = systemClock.monotonicMs()
          longestGapMs = Math.max(longestGapMs, nowMs - lastMs)
          lastMs = nowMs
          await systemClock.sleep(5)
        }
      } catch {
        // Thrown out, or not let in: that is what is being counted.
        failures += 1
        await systemClock.sleep(10)
      }
    }
    return { writes, failures, longestGapMs: Math.round(longestGapMs) }
  }
}
