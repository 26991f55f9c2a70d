import type { Clock } from '#base/clock.ts'
import type { TreeReport } from '#engine/sources/files/verify-tree.ts'
import type { AssertionResult } from '#engine/sources/postgres/assertions.ts'
import type { VerifyReport } from '#engine/sources/postgres/verify.ts'
import type { StageWitness } from './stage-witness.ts'

export interface TimedStage {
  readonly stage: string
  readonly what: string
  /** Since the drill began. */
  readonly begunMs: number
  readonly durationMs: number
}

/** What a drill saw: each step with the time it took, what was compared, what was asserted. */
export class DrillLog implements StageWitness {
  readonly stages: TimedStage[] = []
  readonly databases = new Map<string, VerifyReport>()
  readonly roots = new Map<string, { readonly report: TreeReport; readonly notRestored: readonly string[] }>()
  readonly assertions: AssertionResult[] = []
  postgres: string | null = null
  /** From a ready server to the last comparison; null until then. */
  restoredInMs: number | null = null
  readonly #clock: Clock
  readonly #startMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startMs = clock.monotonicMs()
  }

  async timed<T>(stage: string, what: string, work: () => Promise<T>): Promise<T> {
    const begunMs = this.nowMs()
    try {
      return await work()
    } finally {
      this.stages.push({ stage, what, begunMs, durationMs: this.nowMs() - begunMs })
    }
  }

  nowMs(): number {
    return Math.round(this.#clock.monotonicMs() - this.#startMs)
  }

  database(name: string, report: VerifyReport): void {
    this.databases.set(name, report)
  }

  root(name: string, verified: { readonly report: TreeReport; readonly notRestored: readonly string[] }): void {
    this.roots.set(name, verified)
  }

  asserted(results: readonly AssertionResult[]): void {
    this.assertions.push(...results)
  }
}
