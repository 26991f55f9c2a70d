import type { RetentionPolicy } from '#contract/retention.ts'
import { limits } from '#base/limits.ts'
import type { Decision } from './decide.ts'

/** In which of its rules a policy keeps less than the one before: each takes the signature of whoever sets it. */
export function shortenedRules(before: RetentionPolicy, after: RetentionPolicy): string[] {
  const rules = Object.keys(before.keep) as (keyof RetentionPolicy['keep'])[]
  const lower = rules
    .filter((rule) => after.keep[rule] < before.keep[rule])
    .map((rule) => `${rule} ${before.keep[rule]} → ${after.keep[rule]}`)
  if (after.minimumDays < before.minimumDays) lower.push(`minimum of days ${before.minimumDays} → ${after.minimumDays}`)
  return lower
}

/** A mistake in a policy, or somebody who wants the backups gone, shows in how many go at once. */
export function isMassDeletion(decisions: readonly Decision[]): boolean {
  const removes = decisions.filter(({ act }) => act === 'remove').length
  if (removes > limits.removalsAtOnceMax) return true
  return removes > limits.removalsUnsuspicious && removes > decisions.length * limits.removalsShareMax
}
