import type { BackupType } from '#contract/backups.ts'
import { RemoteFault } from '#contract/client.ts'
import type { Blackout, Follows, ScheduleView } from '#contract/schedules.ts'
import type { SystemView } from '#contract/systems.ts'
import { capitalized } from '#ui/words.ts'

/** A schedule as somebody is just writing it. */
export interface Draft {
  readonly systemId: string | null
  readonly name: string
  readonly backupType: BackupType
  readonly cronExpression: string
  readonly timeZone: string
  readonly blackouts: readonly Blackout[]
  readonly jitterMinutes: number
  readonly retentionDays: number | null
  readonly catchUpMinutes: number | null
  readonly toleranceMinutes: number
  readonly follows: Follows | null
  readonly isActive: boolean
}
export type ChangeDraft = (part: Partial<Draft>) => void

export function newDraft(timeZone: string, systemId: string | null = null): Draft {
  return {
    systemId,
    name: '',
    backupType: 'full',
    cronExpression: '0 2 * * *',
    timeZone,
    blackouts: [],
    jitterMinutes: 0,
    retentionDays: null,
    catchUpMinutes: null,
    toleranceMinutes: 60,
    follows: null,
    isActive: true,
  }
}

export function draftOf(schedule: ScheduleView): Draft {
  const { systemId, name, backupType, cronExpression, timeZone, blackouts, jitterMinutes } = schedule
  const { retentionDays, catchUpMinutes, toleranceMinutes, follows, isActive } = schedule
  return {
    systemId,
    name,
    backupType,
    cronExpression,
    timeZone,
    blackouts,
    jitterMinutes,
    retentionDays,
    catchUpMinutes,
    toleranceMinutes,
    follows,
    isActive,
  }
}

/** What the contract takes, but for the system. */
export function fieldsOf({ systemId: _system, blackouts, ...fields }: Draft) {
  return { ...fields, blackouts: [...blackouts] }
}

/** What of a system a backup can hold. */
export function typesOf(system: Pick<SystemView, 'databases' | 'roots'> | undefined): readonly BackupType[] {
  if (system === undefined) return ['full', 'database', 'files']
  const { databases, roots } = system
  if (databases.length > 0 && roots.length > 0) return ['full', 'database', 'files']
  return databases.length > 0 ? ['database'] : ['files']
}

export const typeWords: Readonly<Record<BackupType, string>> = {
  full: 'All of it: databases and files',
  database: 'Databases',
  files: 'Files',
}

/** What the service said of that field, if that is the one it refused. */
export function refusalAt(error: unknown, field: string): string | undefined {
  if (!(error instanceof RemoteFault) || error.field === undefined) return undefined
  return error.field === field || error.field.startsWith(`${field}.`) ? capitalized(error.message) : undefined
}

/** Of fields that this form shows, so that nothing refused goes unsaid. */
export function isSaidAtField(error: unknown): boolean {
  const shown = ['systemId', 'name', 'backupType', 'cronExpression', 'timeZone', 'retentionDays', 'blackouts', 'follows']
  return shown.some((field) => refusalAt(error, field) !== undefined)
}
