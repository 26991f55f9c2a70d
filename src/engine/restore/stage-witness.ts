import type { AssertionResult } from '#engine/sources/postgres/assertions.ts'
import type { VerifiedRoot } from '#engine/sources/files/stage.ts'
import type { VerifyReport } from '#engine/sources/postgres/verify.ts'

export type WitnessedStage = 'stage' | 'verify' | 'assertions'

/** Sees a staging from beside: what each step took and what it found. A drill makes its report of it. */
export interface StageWitness {
  timed<T>(stage: WitnessedStage, what: string, work: () => Promise<T>): Promise<T>
  /** Every table of this database was compared, and nothing differs. */
  database(name: string, report: VerifyReport): void
  /** Every file of this root was compared, and nothing differs. */
  root(name: string, verified: Pick<VerifiedRoot, 'report' | 'notRestored'>): void
  /** All of them, also those that do not hold. */
  asserted(results: readonly AssertionResult[]): void
}

/** Nobody asks. */
export const unseen: StageWitness = {
  timed: (_stage, _what, work) => work(),
  database: () => {},
  root: () => {},
  asserted: () => {},
}
