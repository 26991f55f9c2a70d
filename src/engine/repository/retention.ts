import { isWhole } from '#base/backup-types.ts'
import { limits } from '#base/limits.ts'
import type { SnapshotId } from '#base/ids.ts'
import { durations } from '#base/units.ts'
import { applyPolicy, type RetentionPolicy } from './keep-rules.ts'
import type { Snapshot } from './repository.ts'

/** What the snapshots' tags do not tell. Asked when planning and again inside the exclusive lock (SAFETY rule 28). */
export interface Keeping {
  /** A legal hold, an open undo window: why each of them must stay. */
  readonly holds: (snapshots: readonly Snapshot[], signal?: AbortSignal) => Promise<ReadonlyMap<SnapshotId, string>>
  /** False for a backup that is whole but not to be trusted, such as an anomalous one. */
  readonly isGood: (snapshot: Snapshot) => boolean
}

export const nothingHeld: Keeping = { holds: async () => new Map(), isGood: () => true }

export interface Judging {
  readonly now: Date
  readonly isGood: Keeping['isGood']
  /** A proof says that it can be restored. */
  readonly isProven?: (snapshot: Snapshot) => boolean
}

/** Why a snapshot stays. Without any reason it goes. */
export type KeepReasons = Map<SnapshotId, string[]>

export interface Judged {
  readonly reasons: KeepReasons
  /** The last good and the last proven backups of a system and source: never forgotten, not even by name (SAFETY rule 28). */
  readonly last: ReadonlyMap<SnapshotId, string>
  /** Safety backups whose time is not over, and why they stay. */
  readonly safety: ReadonlyMap<SnapshotId, string>
}

/**
 * What the policy keeps, for each system and type apart. Pure: the same snapshots and the same time give the same answer.
 * Safety backups take no place of a regular one and stay until their time is over (SAFETY rule 12); a backup dated in the
 * future stays, but is never the newest of anything (SAFETY rule 29); snapshots of other programs stay.
 */
export function judge(snapshots: readonly Snapshot[], policy: RetentionPolicy, judging: Judging): Judged {
  const { now, isGood, isProven = () => false } = judging
  const reasons: KeepReasons = new Map()
  const keep = (snapshot: Snapshot, reason: string) => {
    reasons.set(snapshot.id, [...(reasons.get(snapshot.id) ?? []), reason])
  }
  const regular: Candidate[] = []
  const safety = new Map<SnapshotId, string>()
  for (const snapshot of snapshots) {
    const backup = candidateOf(snapshot, isGood)
    if (!backup) keep(snapshot, 'not a backup of Integrum')
    else if (snapshot.time.getTime() > now.getTime() + limits.clockToleranceMs) keep(snapshot, 'dated in the future')
    else if (!backup.isExtra) regular.push(backup)
    else if (now.getTime() - snapshot.time.getTime() < limits.safetyBackupKeepMs)
      safety.set(snapshot.id, `${backup.purpose} backup, kept for ${safetyDays} days`)
  }
  for (const [id, reason] of safety) reasons.set(id, [reason])
  const newestFirst = regular.toSorted((a, b) => b.snapshot.time.getTime() - a.snapshot.time.getTime())
  for (const group of Map.groupBy(newestFirst, (backup) => `${backup.system} ${backup.type}`).values())
    applyPolicy(group, policy, { now, keep: ({ snapshot }, reason) => keep(snapshot, reason) })

  const last = new Map<SnapshotId, string>()
  const whole = newestFirst.filter(isWhole)
  const proven = whole.filter(({ snapshot }) => isProven(snapshot))
  for (const [what, facts] of [
    ['good', lastOf(whole)],
    ['proven', lastOf(proven)],
  ] as const) {
    for (const { snapshot, system } of facts) {
      const fact = `last ${what} backup of ${system}`
      keep(snapshot, fact)
      if (!last.has(snapshot.id)) last.set(snapshot.id, fact)
    }
  }
  return { reasons, last, safety }
}

const safetyDays = limits.safetyBackupKeepMs / durations.day

interface Candidate {
  readonly snapshot: Snapshot
  readonly time: Date
  readonly system: string
  readonly type: string
  readonly purpose: 'regular' | 'safety' | 'release'
  readonly isExtra: boolean
  readonly isGood: boolean
}

/** By the tags of DESIGN §4. A backup with gaps is no good one: it lacks what the gaps name. */
function candidateOf(snapshot: Snapshot, isGood: Keeping['isGood']): Candidate | undefined {
  const tag = (name: string) => snapshot.tags.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1)
  const system = tag('system')
  if (!snapshot.tags.includes('integrum') || system === undefined) return undefined
  const purpose = (['safety', 'release'] as const).find((name) => snapshot.tags.includes(name)) ?? 'regular'
  return {
    snapshot,
    time: snapshot.time,
    system,
    type: tag('type') ?? '',
    purpose,
    isExtra: purpose !== 'regular',
    isGood: !snapshot.tags.includes('gaps') && isGood(snapshot),
  }
}

/**
 * For each source (a path such as `/database/emr`) of each system its newest good backup, so that a newer full backup
 * takes over from a database backup, but one of the files alone does not. Without a good one, the newest there is.
 */
function lastOf(newestFirst: readonly Candidate[]): ReadonlySet<Candidate> {
  const last = new Map<string, Candidate>()
  for (const backup of newestFirst) {
    for (const path of backup.snapshot.paths.length > 0 ? backup.snapshot.paths : ['/']) {
      const source = `${backup.system} ${path}`
      const known = last.get(source)
      if (!known || (!known.isGood && backup.isGood)) last.set(source, backup)
    }
  }
  return new Set(last.values())
}
