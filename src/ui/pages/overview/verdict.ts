import type { AlertView } from '#contract/alerts.ts'
import type { BackupType } from '#contract/backups.ts'
import type { SystemHealth } from '#contract/health.ts'
import { durations } from '#base/units.ts'
import { leadOf, type Lead } from '#ui/pages/alerts/about.ts'
import { counted, type Tone } from '#ui/words.ts'

type Judged = Pick<SystemHealth, 'state' | 'title'>

export interface Verdict {
  readonly tone: Tone
  /** The answer, in a word or three. */
  readonly answer: string
  readonly words: string
}

/** One answer for all systems: it is as good as the worst of them. */
export function verdictOf(systems: readonly Judged[]): Verdict {
  const named = (state: Judged['state']) => systems.filter((one) => one.state === state).map(({ title }) => title)
  const [bare, doubted] = [named('unprotected'), named('at-risk')]
  const shares = [
    ...(bare.length > 0 ? [`${bare.length} of ${counted(systems.length, 'system')} unprotected: ${listed(bare)}`] : []),
    ...(doubted.length > 0 ? [`${doubted.length} of ${counted(systems.length, 'system')} at risk: ${listed(doubted)}`] : []),
  ]
  if (bare.length > 0)
    return { tone: 'bad', answer: bare.length === systems.length ? 'No' : 'Not everything', words: `${shares.join('; ')}.` }
  if (doubted.length > 0) return { tone: 'warning', answer: 'Yes, but not safely', words: `${shares.join('; ')}.` }
  return {
    tone: 'good',
    answer: 'Yes',
    words: systems.length === 1 ? 'The one system is protected.' : `All ${systems.length} systems are protected.`,
  }
}

/** Not so many that nobody reads them. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3)
  const left = names.length - shown.length
  return left === 0 ? shown.join(', ') : `${shown.join(', ')} and ${left} more`
}

const order: readonly Judged['state'][] = ['unprotected', 'at-risk', 'protected']

/** The worst first; among the same by name. */
export function worstFirst<T extends Judged>(systems: readonly T[]): T[] {
  return systems.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.title.localeCompare(b.title))
}

/** What somebody can do about a system right here, the most urgent first. */
export type Remedy =
  | { readonly kind: 'back-up'; readonly type: BackupType }
  | { readonly kind: 'drill' | 'verify'; readonly backupId: string }
  | ({ readonly kind: 'go' } & Lead)

/** For so long a proof is worth something. */
const provenForMs = 30 * durations.day

export function remediesOf(system: SystemHealth, alerts: readonly AlertView[], now: Date): Remedy[] {
  const newest = newestGood(system)
  const remedies: Remedy[] = [
    ...(wantsBackup(system) ? [{ kind: 'back-up', type: widestType(system) } as const] : []),
    ...lastBackupRemedies(system),
    ...alerts.filter(({ systemId }) => systemId === system.id).flatMap((alert) => goTo(leadOf(alert))),
    ...(system.chain.failed > 0
      ? goTo({ to: `/backups?systemId=${system.id}&standing=failed`, words: 'See damaged backups', permission: 'backups.read' })
      : []),
    ...(newest !== null && wantsProof(system, now) ? [{ kind: 'drill', backupId: newest } as const] : []),
    ...(newest !== null && system.chain.intact + system.chain.proven === 0 ? [{ kind: 'verify', backupId: newest } as const] : []),
  ]
  return remedies.filter((one, index) => remedies.findIndex((other) => keyOf(other) === keyOf(one)) === index)
}

/** Where a remedy leads is enough: two alerts of one backup have one button. */
export function keyOf(remedy: Remedy): string {
  return remedy.kind === 'go' ? remedy.to : remedy.kind
}

function goTo(lead: Lead | undefined): Remedy[] {
  return lead === undefined ? [] : [{ kind: 'go', ...lead }]
}

/** Of the newest that could be brought back. */
export function newestGood({ sources }: Pick<SystemHealth, 'sources'>): string | null {
  const [newest] = sources
    .filter(({ recoveryPoint }) => recoveryPoint !== null)
    .toSorted((a, b) => b.recoveryPoint!.localeCompare(a.recoveryPoint!))
  return newest?.backupId ?? null
}

function wantsBackup({ sources, rpo, lastBackup, coverage }: SystemHealth): boolean {
  const { objectiveMinutes, limitMinutes, achievedMinutes } = rpo
  return (
    sources.some(({ backupId }) => backupId === null) ||
    lastBackup?.status === 'failed' ||
    (achievedMinutes !== null && achievedMinutes > Math.min(objectiveMinutes ?? limitMinutes, limitMinutes)) ||
    (coverage?.missing.some(({ kind }) => kind === 'table') ?? false)
  )
}

/** All that the system has. */
export function widestType({ sources }: Pick<SystemHealth, 'sources'>): BackupType {
  const kinds = new Set(sources.map(({ kind }) => kind))
  if (kinds.size > 1) return 'full'
  return kinds.has('files') ? 'files' : 'database'
}

function lastBackupRemedies({ lastBackup }: SystemHealth): Remedy[] {
  if (lastBackup === null) return []
  const to = `/backups/${lastBackup.id}`
  if (lastBackup.status === 'failed') return goTo({ to, words: 'See why it failed', permission: 'backups.read' })
  if (lastBackup.status === 'completed_with_gaps') return goTo({ to, words: 'See what is missing', permission: 'backups.read' })
  return []
}

function wantsProof({ rto, lastProvenAt, state }: SystemHealth, now: Date): boolean {
  if (rto.objectiveMinutes !== null && rto.achievedMinutes === null) return true
  return lastProvenAt === null ? state !== 'unprotected' : now.getTime() - Date.parse(lastProvenAt) > provenForMs
}
