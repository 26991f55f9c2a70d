import type { DrillCause, DrillChoice, DrillView } from '#contract/drills.ts'
import { durations } from '#base/units.ts'
import { statusWords, type Wording } from '#ui/words.ts'

export const causeWords: Readonly<Record<DrillCause, string>> = {
  'by-hand': 'by hand',
  'every-nth': 'so many backups were made',
  newest: 'its time had come, newest backup',
  'random-older': 'its time had come, an older backup',
}

export const choiceWords: Readonly<Record<DrillChoice, string>> = {
  newest: 'The newest backup',
  'random-older': 'Any of the older backups',
  alternating: 'The newest and an older one in turn',
}

/** What a drill says of its backup: nothing, when the machine could not hold it. */
export function wordingOfDrill({ status, outcome, isBackupAtFault }: Pick<DrillView, 'status' | 'outcome' | 'isBackupAtFault'>): Wording {
  if (outcome === 'proven') return { words: 'Proven', tone: 'good' }
  if (outcome === 'failed')
    return isBackupAtFault === false ? { words: 'Could not be held', tone: 'warning' } : { words: 'The backup failed it', tone: 'bad' }
  return statusWords[status]
}

export const assertionWords: Readonly<Record<'holds' | 'fails' | 'refused' | 'skipped', Wording>> = {
  holds: { words: 'Holds', tone: 'good' },
  fails: { words: 'Does not hold', tone: 'bad' },
  refused: { words: 'Could not be asked', tone: 'warning' },
  skipped: { words: 'Not asked', tone: 'neutral' },
}

export interface OverdueState extends Wording {
  readonly since: string | null
}

/** Beside what the service tells by its alerts: the same rule, for whoever looks. */
export function overdueOf(
  policy: { readonly isActive: boolean; readonly overdueAfterDays: number; readonly changedAt: string } | null,
  lastPassedAt: string | null,
  now: Date,
): OverdueState {
  if (!policy?.isActive) return { words: 'Only by hand', tone: 'warning', since: null }
  const from = Date.parse(lastPassedAt ?? policy.changedAt)
  const dueMs = from + policy.overdueAfterDays * durations.day
  if (dueMs <= now.getTime()) return { words: 'Overdue', tone: 'bad', since: new Date(dueMs).toISOString() }
  return lastPassedAt === null
    ? { words: 'None has passed yet', tone: 'unknown', since: null }
    : { words: 'On time', tone: 'good', since: null }
}

/** Of a drill beside what was promised; undefined when nobody promised anything or nothing was measured. */
export function isWithin({ restoredInMs, objectiveMs }: Pick<DrillView, 'restoredInMs' | 'objectiveMs'>): boolean | undefined {
  return restoredInMs === null || objectiveMs === null ? undefined : restoredInMs <= objectiveMs
}
