import type { KeepRules, PolicyInForce, RetentionPolicy } from '#contract/retention.ts'
import { counted } from '#ui/words.ts'

export const ruleNames = ['days', 'last', 'daily', 'weekly', 'monthly', 'yearly'] as const satisfies readonly (keyof KeepRules)[]
export type RuleName = (typeof ruleNames)[number]

export const ruleWords: Readonly<Record<RuleName, { readonly label: string; readonly about: string }>> = {
  days: { label: 'Days', about: 'Everything younger than so many times 24 hours.' },
  last: { label: 'Last', about: 'The newest ones, so many.' },
  daily: { label: 'Daily', about: 'The newest of each day, so many days.' },
  weekly: { label: 'Weekly', about: 'The newest of each week, so many weeks.' },
  monthly: { label: 'Monthly', about: 'The newest of each month, so many months.' },
  yearly: { label: 'Yearly', about: 'The newest of each year, so many years.' },
}

const printed: Readonly<Record<RuleName, (count: number) => string>> = {
  days: (count) => `all of ${counted(count, 'day')}`,
  last: (count) => `the newest ${count}`,
  daily: (count) => `${count} daily`,
  weekly: (count) => `${count} weekly`,
  monthly: (count) => `${count} monthly`,
  yearly: (count) => `${count} yearly`,
}

/** `7 daily, 5 weekly, 12 monthly`. */
export function keepInWords(keep: KeepRules): string {
  return ruleNames
    .filter((rule) => keep[rule] > 0)
    .map((rule) => printed[rule](keep[rule]))
    .join(', ')
}

export function classInWords({ recordClass, minimumDays }: Pick<RetentionPolicy, 'recordClass' | 'minimumDays'>): string {
  return recordClass === 'operational' ? 'no minimum' : `at least ${counted(minimumDays, 'day')}`
}

export const sourceWords: Readonly<Record<PolicyInForce['source'], string>> = {
  system: 'its own',
  organization: 'the organization’s',
  default: 'the default, nobody has set one',
}

/** In which rules it keeps less than before, as the service sees it: such a change is signed (docs/guide/retention.md). */
export function shortened(before: RetentionPolicy, after: RetentionPolicy): string[] {
  const lower = ruleNames
    .filter((rule) => after.keep[rule] < before.keep[rule])
    .map((rule) => `${ruleWords[rule].label.toLowerCase()}: ${before.keep[rule]} → ${after.keep[rule]}`)
  if (after.minimumDays < before.minimumDays) lower.push(`minimum of days: ${before.minimumDays} → ${after.minimumDays}`)
  return lower
}
