import type { AlertView } from '#contract/alerts.ts'
import type { Permission } from '#contract/permissions.ts'

/** A page that an alert leads to, and what is done there. */
export interface Lead {
  readonly to: string
  readonly words: string
  /** Without it the page would only say no. */
  readonly permission: Permission
}

type About = Pick<AlertView, 'kind' | 'subjectKind' | 'subjectId' | 'systemId' | 'facts'>

/** Where what an alert is about is seen, and put right. */
export function leadOf(alert: About): Lead | undefined {
  return byKind(alert) ?? bySubject(alert) ?? (alert.systemId === null ? undefined : systemLead(alert.systemId))
}

function byKind({ kind, subjectKind, subjectId, facts }: About): Lead | undefined {
  const backupId = subjectKind === 'backup' ? subjectId : null
  switch (kind) {
    case 'backup-anomalous':
      return backupId === null ? undefined : { to: `/backups/${backupId}`, words: 'Say whether it is right', permission: 'backups.read' }
    case 'drill-failed':
    case 'drill-overdue': {
      const drillId = facts['drillId']
      const to = typeof drillId === 'string' ? `/drills/${drillId}` : '/drills'
      return { to, words: 'To the drills', permission: 'drills.read' }
    }
    case 'retention-waits':
    case 'clock-jumped':
      return { to: '/retention', words: 'To the retention', permission: 'retention.read' }
    case 'audit-broken':
    case 'sign-in-burst':
      return { to: '/audit', words: 'To the audit trail', permission: 'audit.read' }
    case 'clock-set':
      return { to: '/schedules', words: 'To the schedules', permission: 'schedules.read' }
    default:
      return undefined
  }
}

function bySubject({ subjectKind, subjectId: id }: About): Lead | undefined {
  if (id === null) return undefined
  switch (subjectKind) {
    case 'backup':
      return { to: `/backups/${id}`, words: 'See the backup', permission: 'backups.read' }
    case 'repository':
      return { to: `/storage/${id}`, words: 'See the repository', permission: 'repositories.read' }
    case 'schedule':
      return { to: `/schedules/${id}`, words: 'See the schedule', permission: 'schedules.read' }
    case 'restore':
      return { to: `/restores/${id}`, words: 'See the restore', permission: 'restores.read' }
    case 'job':
      return { to: `/jobs/${id}`, words: 'See the job', permission: 'jobs.read' }
    case 'notice-channel':
      return { to: '/notifications', words: 'To the channels', permission: 'notices.read' }
    case 'system':
      return systemLead(id)
    default:
      return undefined
  }
}

function systemLead(id: string): Lead {
  return { to: `/systems/${id}`, words: 'See the system', permission: 'systems.read' }
}
