import { durations, printDuration } from '#base/units.ts'
import type { ProtectionState, Reason, SystemHealth } from '#contract/health.ts'

/** Without an objective, and for every system: older than this is no protection. */
export const oldestMs = 48 * durations.hour
/** Backups are there for so long, and none was ever brought back. */
const unprovenMsMax = 30 * durations.day

export interface GoodBackup {
  readonly id: string
  readonly recoveryPoint: Date
  readonly hasGaps: boolean
  readonly logicalBytes: number | null
  readonly databases: readonly string[]
  readonly roots: readonly string[]
}

export interface Recovery {
  readonly by: 'restore' | 'drill'
  readonly at: Date
  readonly durationMs: number
  /** Of the backup that was brought back. */
  readonly logicalBytes: number | null
}

/** What is known of one system, and nothing judged. */
export interface HealthFacts {
  readonly databases: readonly string[]
  readonly roots: readonly string[]
  readonly objectives: { readonly rpoMinutes?: number | undefined; readonly rtoMinutes?: number | undefined }
  /** The newest of each type that can be brought back. */
  readonly good: readonly GoodBackup[]
  readonly lastBackup: { readonly name: string; readonly status: string; readonly fault: string | null } | null
  /** Of the oldest backup that is there. */
  readonly oldestAt: Date | null
  readonly lastProvenAt: Date | null
  readonly failedStandings: number
  readonly missing: number
  readonly recovery: Recovery | null
  /** Open ones, about the system or its repository. */
  readonly alerts: readonly { readonly severity: string; readonly fact: string; readonly hint: string }[]
  readonly notCoveredTables: readonly string[]
}

export type Judged = Pick<SystemHealth, 'state' | 'reasons' | 'sources' | 'rpo' | 'rto'>

/** Whether the system could be brought back now, in words that say what to do. Pure: the same facts, the same words. */
export function judge(facts: HealthFacts, now: Date): Judged {
  const sources = sourcesOf(facts)
  const rpo = recoveryPointOf(facts, sources, now)
  const rto = recoveryTimeOf(facts)
  const reasons = [
    ...sourceReasons(sources),
    ...pointReasons(rpo, sources),
    ...timeReasons(rto),
    ...chainReasons(facts, now),
    ...facts.alerts.filter(({ severity }) => severity !== 'info').map(({ fact, hint }) => atRisk(fact, hint)),
  ]
  const unique = reasons.filter((one, index) => reasons.findIndex(({ fact }) => fact === one.fact) === index)
  const sorted = unique.toSorted((a, b) => weights[b.state] - weights[a.state])
  return { state: worstOf(sorted.map(({ state }) => state)), reasons: sorted, sources, rpo, rto }
}

const weights: Readonly<Record<ProtectionState, number>> = { protected: 0, 'at-risk': 1, unprotected: 2 }

export function worstOf(states: readonly ProtectionState[]): ProtectionState {
  return states.reduce((worst, state) => (weights[state] > weights[worst] ? state : worst), 'protected')
}

function atRisk(fact: string, hint: string): Reason {
  return { state: 'at-risk', fact, hint }
}

function unprotected(fact: string, hint: string): Reason {
  return { state: 'unprotected', fact, hint }
}

function sourcesOf({ databases, roots, good }: HealthFacts): SystemHealth['sources'] {
  const newestWith = (kind: 'database' | 'files', name: string): SystemHealth['sources'][number] => {
    const having = good.filter((one) => (kind === 'database' ? one.databases : one.roots).includes(name))
    const [newest] = having.toSorted((a, b) => b.recoveryPoint.getTime() - a.recoveryPoint.getTime())
    return { kind, name, backupId: newest?.id ?? null, recoveryPoint: newest?.recoveryPoint.toISOString() ?? null }
  }
  return [...databases.map((name) => newestWith('database', name)), ...roots.map((name) => newestWith('files', name))]
}

function sourceReasons(sources: Judged['sources']): Reason[] {
  const bare = sources.filter(({ backupId }) => backupId === null)
  if (bare.length === 0) return []
  if (bare.length === sources.length)
    return [unprotected('there is no backup that could be brought back', 'Make a backup now, and set a schedule.')]
  return bare.map(({ kind, name }) =>
    unprotected(
      kind === 'database' ? `database ${name} is in no backup` : `the files ${name} are in no backup`,
      'Make a full backup now, and see that a schedule takes this source.',
    ),
  )
}

function recoveryPointOf({ objectives }: HealthFacts, sources: Judged['sources'], now: Date): Judged['rpo'] {
  const oldest = oldestPoint(sources)
  const objectiveMinutes = objectives.rpoMinutes ?? null
  return {
    objectiveMinutes,
    // An objective of a week makes a week late enough.
    limitMinutes: Math.max(oldestMs / durations.minute, 2 * (objectiveMinutes ?? 0)),
    achievedMinutes: oldest ? Math.max(0, now.getTime() - Date.parse(oldest)) / durations.minute : null,
  }
}

/** Of the source that would lose the most; null when one is in no backup. */
export function oldestPoint(sources: Judged['sources']): string | null {
  const [first, ...others] = sources.map(({ recoveryPoint }) => recoveryPoint)
  return others.reduce<string | null>(
    (oldest, point) => (oldest === null || point === null ? null : point < oldest ? point : oldest),
    first ?? null,
  )
}

function pointReasons({ objectiveMinutes, limitMinutes, achievedMinutes }: Judged['rpo'], sources: Judged['sources']): Reason[] {
  if (achievedMinutes === null || sources.length === 0) return []
  const hint = 'See why no newer backup was completed, and make one now.'
  const age = printMinutes(achievedMinutes)
  if (achievedMinutes > limitMinutes)
    return [
      unprotected(
        `the newest data that could be brought back is ${age} old; beyond ${printMinutes(limitMinutes)} it protects no more`,
        hint,
      ),
    ]
  if (objectiveMinutes === null || achievedMinutes <= objectiveMinutes) return []
  return [atRisk(`the newest data that could be brought back is ${age} old, the objective is ${printMinutes(objectiveMinutes)}`, hint)]
}

export function printMinutes(minutes: number): string {
  const whole = printDuration(minutes * durations.minute)
  return minutes < 2 * (durations.day / durations.minute) ? whole : `${Math.floor((minutes * durations.minute) / durations.day)} days`
}

/** At today's size: what is brought back is read, written and verified once, so time goes with bytes. */
function recoveryTimeOf({ recovery, good, objectives }: HealthFacts): Judged['rto'] {
  const objectiveMinutes = objectives.rtoMinutes ?? null
  if (!recovery) return { objectiveMinutes, achievedMinutes: null, projectedMinutes: null, measuredBy: null, measuredAt: null }
  const sizes = good.map(({ logicalBytes }) => logicalBytes ?? 0)
  const [then, now] = [recovery.logicalBytes ?? 0, Math.max(0, ...sizes)]
  const achievedMinutes = recovery.durationMs / durations.minute
  return {
    objectiveMinutes,
    achievedMinutes,
    projectedMinutes: then > 0 && now > 0 ? achievedMinutes * Math.max(1, now / then) : null,
    measuredBy: recovery.by,
    measuredAt: recovery.at.toISOString(),
  }
}

function timeReasons({ objectiveMinutes, achievedMinutes, projectedMinutes }: Judged['rto']): Reason[] {
  if (objectiveMinutes === null) return []
  if (achievedMinutes === null)
    return [
      atRisk(`nothing was ever restored, so nobody knows whether ${printMinutes(objectiveMinutes)} are enough`, 'Run a recovery drill.'),
    ]
  const longest = Math.max(achievedMinutes, projectedMinutes ?? 0)
  if (longest <= objectiveMinutes) return []
  return [
    atRisk(
      `a restore would take about ${printMinutes(longest)}, the objective is ${printMinutes(objectiveMinutes)}`,
      'Restore to faster disks, split the system, or agree on another objective.',
    ),
  ]
}

function chainReasons(
  { lastBackup, good, oldestAt, lastProvenAt, failedStandings, missing, notCoveredTables }: HealthFacts,
  now: Date,
): Reason[] {
  const reasons: Reason[] = []
  if (lastBackup?.status === 'failed')
    reasons.push(
      atRisk(`the last backup failed: ${lastBackup.fault ?? 'no reason was noted'}`, 'Put right what it names, and make a backup now.'),
    )
  if (good.some(({ hasGaps }) => hasGaps))
    reasons.push(atRisk('the newest backup has gaps', 'See what is missing in it: `integrum backups show`.'))
  if (failedStandings > 0)
    reasons.push(
      atRisk(`${count(failedStandings, 'backup')} did not stand a verification`, 'Check the repository, and bring back nothing from them.'),
    )
  if (missing > 0)
    reasons.push(atRisk(`${count(missing, 'backup')} vanished from the repository`, 'Find out who removed them past the service.'))
  if (lastProvenAt === null && oldestAt !== null && now.getTime() - oldestAt.getTime() > unprovenMsMax)
    reasons.push(atRisk('no backup was ever proven to be restorable', 'Run a recovery drill.'))
  if (notCoveredTables.length > 0)
    reasons.push(
      atRisk(
        `${count(notCoveredTables.length, 'table')} came after the newest backup, such as ${notCoveredTables[0]}`,
        'The next backup takes what is new; make one now.',
      ),
    )
  return reasons
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
