import type { DecisionView } from '#contract/retention.ts'

/** What speaks against a deletion by hand, as the preview of its policy says it. */
export interface Keeping {
  /** Nobody deletes it until these are gone. */
  readonly refusedBy: readonly string[]
  /** It leaves the lists, but its bytes stay until a newer one takes its place. */
  readonly waitsFor: readonly string[]
  /** The policy would keep it; by hand it goes all the same. */
  readonly keptBy: readonly string[]
}

const refusing = /^(legal hold |an alert |under the minimum )/
const waiting = /^last (good|proven) backup /

export function keepingOf(decision: Pick<DecisionView, 'act' | 'reasons'> | undefined): Keeping {
  const reasons = decision?.act === 'keep' ? decision.reasons : []
  const isRefusing = (reason: string) => refusing.test(reason)
  const isWaiting = (reason: string) => waiting.test(reason)
  return {
    refusedBy: reasons.filter(isRefusing),
    waitsFor: reasons.filter(isWaiting),
    keptBy: reasons.filter((reason) => !isRefusing(reason) && !isWaiting(reason)),
  }
}
