import { durations } from '#base/units.ts'
import type { RetentionPolicy } from '#contract/retention.ts'
import type { Hold } from '#service/holds/hold.ts'
import type { RetentionBackup } from '#service/retention/decide.ts'

interface World {
  readonly backups: readonly RetentionBackup[]
  readonly policy: RetentionPolicy
  readonly holds: readonly Hold[]
  readonly now: Date
}

/**
 * Retention as docs/guide/retention.md defines it, asked of one backup at a time, with no thought of speed and nothing of the
 * product's: dates by Temporal, every sentence of the definition one line.
 */
export function isKept(backup: RetentionBackup, world: World): boolean {
  return isProtected(backup, world) || isCountedIn(backup, world) || isLastOfASource(backup, world)
}

function isProtected(one: RetentionBackup, { policy, holds, now }: World): boolean {
  const ageDays = (now.getTime() - one.createdAt.getTime()) / durations.day
  if (one.isKeptByAlarm) return true
  if (!isThere(one)) return true
  if (ageDays < policy.minimumDays) return true
  if (isLater(one, now)) return true
  if (one.scheduleDays !== null && ageDays < one.scheduleDays) return true
  if (one.purpose !== 'regular' && ageDays < 8) return true
  if (one.purpose !== 'regular' && one.undoUntil !== null && now.getTime() - one.undoUntil.getTime() < 3 * durations.day) return true
  return holds.some((hold) =>
    hold.backupId === null
      ? (hold.systemName ?? one.systemName) === one.systemName &&
        one.createdAt.getTime() >= (hold.from?.getTime() ?? -Infinity) &&
        one.createdAt.getTime() < (hold.to?.getTime() ?? Infinity)
      : hold.backupId === one.id,
  )
}

function isCountedIn(one: RetentionBackup, { backups, policy, now }: World): boolean {
  if (one.purpose !== 'regular' || !isThere(one) || isLater(one, now)) return false
  const { keep, timeZone } = policy
  const ageDays = (now.getTime() - one.createdAt.getTime()) / durations.day
  const rivals = backups.filter(
    (other) => other.systemName === one.systemName && other.type === one.type && isGood(other) && !isLater(other, now),
  )
  const newer = rivals.filter((other) => comesAfter(other, one))
  if (!isGood(one)) return newer.length === 0 || ageDays < 14
  if (ageDays < keep.days || newer.length < keep.last) return true
  return (['daily', 'weekly', 'monthly', 'yearly'] as const).some((rule) => {
    const mine = periodOf(rule, one.createdAt, timeZone)
    const later = new Set(newer.map((other) => periodOf(rule, other.createdAt, timeZone)))
    return !later.has(mine) && later.size < keep[rule]
  })
}

function isLastOfASource(one: RetentionBackup, { backups, now }: World): boolean {
  if (one.purpose !== 'regular' || !isThere(one) || isLater(one, now)) return false
  const isLastAmong = (others: readonly RetentionBackup[]) =>
    one.sources.some((source) => {
      const rivals = others.filter(
        (other) =>
          other.id !== one.id &&
          other.purpose === 'regular' &&
          isThere(other) &&
          !isLater(other, now) &&
          other.systemName === one.systemName &&
          other.repositoryId === one.repositoryId &&
          other.sources.includes(source),
      )
      return !rivals.some((other) => (isGood(other) === isGood(one) ? comesAfter(other, one) : isGood(other)))
    })
  return isLastAmong(backups) || (one.standing === 'proven' && isLastAmong(backups.filter(({ standing }) => standing === 'proven')))
}

function isThere({ status, isMissing }: RetentionBackup): boolean {
  return status.startsWith('completed') && !isMissing
}

function isGood(one: RetentionBackup): boolean {
  return one.purpose === 'regular' && one.status === 'completed' && !one.isMissing && !one.isAnomalous && one.standing !== 'failed'
}

function isLater({ createdAt }: RetentionBackup, now: Date): boolean {
  return createdAt.getTime() - now.getTime() > 600_000
}

function comesAfter(other: RetentionBackup, one: RetentionBackup): boolean {
  const [a, b] = [other.createdAt.getTime(), one.createdAt.getTime()]
  return a === b ? other.id < one.id : a > b
}

const periods = new Map<string, { daily: string; weekly: string; monthly: string; yearly: string }>()

function periodOf(rule: 'daily' | 'weekly' | 'monthly' | 'yearly', at: Date, timeZone: string): string {
  const key = `${at.toISOString()} ${timeZone}`
  const day = Temporal.Instant.from(at.toISOString()).toZonedDateTimeISO(timeZone).toPlainDate()
  const known = periods.get(key) ?? {
    daily: day.toString(),
    weekly: `${day.yearOfWeek} ${day.weekOfYear}`,
    monthly: `${day.year} ${day.month}`,
    yearly: `${day.year}`,
  }
  periods.set(key, known)
  return known[rule]
}
