import type { PolicyInForce, RetentionPolicy } from '#contract/retention.ts'
import { ruleNames } from './policy-words.ts'

export interface PolicyDraft {
  /** False: what holds above it holds here, too. */
  readonly isOwn: boolean
  readonly policy: RetentionPolicy
}

export function draftOf({ systemId, source, policy }: Pick<PolicyInForce, 'systemId' | 'source' | 'policy'>): PolicyDraft {
  return { isOwn: source === (systemId === null ? 'organization' : 'system'), policy }
}

export function isSame(one: PolicyDraft, other: PolicyDraft): boolean {
  if (one.isOwn !== other.isOwn) return false
  if (!one.isOwn) return true
  const [a, b] = [one.policy, other.policy]
  const areSame = ruleNames.every((rule) => a.keep[rule] === b.keep[rule])
  return areSame && a.timeZone === b.timeZone && a.recordClass === b.recordClass && a.minimumDays === b.minimumDays
}
