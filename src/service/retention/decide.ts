import { isWhole } from '#base/backup-types.ts'
import { limits } from '#base/limits.ts'
import { durations } from '#base/units.ts'
import type { RetentionPolicy } from '#contract/retention.ts'
import type { Status } from '#contract/shapes.ts'
import { applyPolicy, type Dated } from '#engine/repository/keep-rules.ts'
import { covers, type Hold } from '#service/holds/hold.ts'

/** What retention must know of a backup. */
export interface RetentionBackup {
  readonly id: string
  readonly systemName: string
  readonly repositoryId: string
  readonly type: string
  /** What it holds, such as `database/emr`. */
  readonly sources: readonly string[]
  readonly purpose: string
  readonly status: Status
  readonly standing: 'unverified' | 'intact' | 'proven' | 'failed'
  readonly isAnomalous: boolean
  readonly isMissing: boolean
  readonly isKeptByAlarm: boolean
  readonly createdAt: Date
  /** Of the schedule that had it made: it is kept so long, whatever the policy says. */
  readonly scheduleDays: number | null
  /** Of a safety backup: as long as the restore can be undone. */
  readonly undoUntil: Date | null
}

export interface Decision {
  readonly backup: RetentionBackup
  readonly act: 'keep' | 'remove'
  /** Why, for both. */
  readonly reasons: readonly string[]
}

/**
 * What goes and what stays, and why, newest first. Pure: the same arguments give the same answer, and it says of each reason
 * whether it holds, not only of the first. A backup goes when there is no reason at all to keep it.
 */
export function decide(
  backups: readonly RetentionBackup[],
  policy: Pick<RetentionPolicy, 'keep' | 'timeZone' | 'minimumDays'>,
  { holds, now }: { readonly holds: readonly Hold[]; readonly now: Date },
): Decision[] {
  const newestFirst = backups.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? -1 : 1))
  const reasons = new Map(newestFirst.map((backup) => [backup.id, reasonsOfItsOwn(backup, policy, { holds, now })]))
  const keep = (backup: RetentionBackup, reason: string) => void reasons.get(backup.id)!.push(reason)
  // SAFETY rules 12 and 29: safety backups take no place of a regular one, and one dated in the future is never the newest.
  const regular = newestFirst.filter((backup) => backup.purpose === 'regular' && !isFuture(backup, now) && isStored(backup))
  for (const group of Map.groupBy(regular, ({ systemName, type }) => `${systemName} ${type}`).values())
    keepByRules(group, policy, now, keep)
  const whole = regular.filter(isWhole)
  for (const [what, among] of [
    ['good', whole],
    ['proven', whole.filter(({ standing }) => standing === 'proven')],
  ] as const)
    for (const { backup, source } of lastOf(among)) keep(backup, `last ${what} backup of ${source}`)
  return newestFirst.map((backup) => {
    const why = reasons.get(backup.id)!
    if (why.length > 0) return { backup, act: 'keep', reasons: why }
    return { backup, act: 'remove', reasons: [whyToRemove(backup)] }
  })
}

/** What takes it out of the good ones (SAFETY rule 28); undefined of a good one. */
export function flawOf({ status, standing, isAnomalous, isMissing }: RetentionBackup): string | undefined {
  if (status === 'completed_with_gaps') return 'it has gaps'
  if (status !== 'completed') return `it is ${status.replaceAll('_', ' ')}`
  if (isMissing) return 'its snapshot is missing'
  if (standing === 'failed') return 'it is damaged'
  return isAnomalous ? 'it is unlike those before it' : undefined
}

/** Until when the minimum of its record class keeps it. */
export function minimumUntil(
  { createdAt }: Pick<RetentionBackup, 'createdAt'>,
  { minimumDays }: Pick<RetentionPolicy, 'minimumDays'>,
): Date {
  return new Date(createdAt.getTime() + minimumDays * durations.day)
}

/** Those that need no look at the others. */
function reasonsOfItsOwn(
  backup: RetentionBackup,
  policy: Pick<RetentionPolicy, 'minimumDays'>,
  { holds, now }: { readonly holds: readonly Hold[]; readonly now: Date },
): string[] {
  const ageMs = now.getTime() - backup.createdAt.getTime()
  const { scheduleDays, undoUntil, purpose } = backup
  const reasons = holds.filter((hold) => covers(hold, backup)).map(({ reference }) => `legal hold ${reference}`)
  const when = (isSo: boolean, reason: string) => void (isSo && reasons.push(reason))
  when(backup.isKeptByAlarm, 'an alert about a later backup is open')
  when(!isStored(backup), `nothing to remove: ${flawOf(backup)}`)
  when(policy.minimumDays > 0 && minimumUntil(backup, policy) > now, `under the minimum retention of ${policy.minimumDays} days`)
  when(isFuture(backup, now), 'dated in the future')
  when(scheduleDays !== null && ageMs < scheduleDays * durations.day, `its schedule keeps it for ${scheduleDays} days`)
  if (purpose !== 'regular') {
    when(ageMs < limits.safetyBackupKeepMs, `${purpose} backup, kept for ${limits.safetyBackupKeepMs / durations.day} days`)
    when(undoUntil !== null && now.getTime() < undoUntil.getTime() + limits.afterUndoKeepMs, `${purpose} backup, its restore can be undone`)
  }
  return reasons
}

type Keep = (backup: RetentionBackup, reason: string) => void

/** Only good ones count. One that is not stays for a while, so that somebody can look at it, and until a good one is newer. */
function keepByRules(
  newestFirst: readonly RetentionBackup[],
  { keep: rules, timeZone }: Pick<RetentionPolicy, 'keep' | 'timeZone'>,
  now: Date,
  keep: Keep,
): void {
  const isGood = (backup: RetentionBackup) => flawOf(backup) === undefined
  const counted = newestFirst.filter(isGood).map((backup): Dated & { backup: RetentionBackup } => ({
    backup,
    time: backup.createdAt,
    isGood: true,
  }))
  applyPolicy(counted, { ...rules, timeZone }, { now, keep: ({ backup }, reason) => keep(backup, reason) })
  const newestGood = counted[0]?.time ?? new Date(0)
  for (const backup of newestFirst.filter((one) => !isGood(one))) {
    if (backup.createdAt > newestGood) keep(backup, `no good backup is newer, although ${flawOf(backup)}`)
    const ageMs = now.getTime() - backup.createdAt.getTime()
    if (ageMs < limits.flawedKeepMs) keep(backup, `kept for ${limits.flawedKeepMs / durations.day} days, although ${flawOf(backup)}`)
  }
}

/** For each source of each repository its newest good backup; without a good one, the newest there is (SAFETY rule 28). */
function lastOf(newestFirst: readonly RetentionBackup[]): { readonly backup: RetentionBackup; readonly source: string }[] {
  const last = new Map<string, { backup: RetentionBackup; source: string }>()
  for (const backup of newestFirst) {
    for (const name of backup.sources) {
      const [source, key] = [`${backup.systemName} ${name}`, `${backup.repositoryId} ${backup.systemName} ${name}`]
      const known = last.get(key)
      if (!known || (flawOf(known.backup) !== undefined && flawOf(backup) === undefined)) last.set(key, { backup, source })
    }
  }
  return [...last.values()]
}

function whyToRemove(backup: RetentionBackup): string {
  if (backup.purpose !== 'regular') return `${backup.purpose} backup whose time is over`
  const flaw = flawOf(backup)
  return flaw === undefined ? 'no rule of the policy keeps it' : `it does not count: ${flaw}, and a good one is newer`
}

function isFuture({ createdAt }: RetentionBackup, now: Date): boolean {
  return createdAt.getTime() > now.getTime() + limits.clockToleranceMs
}

/** One that is being made, failed, or was lost has no bytes to remove. */
function isStored({ status, isMissing }: RetentionBackup): boolean {
  return (status === 'completed' || status === 'completed_with_gaps') && !isMissing
}
