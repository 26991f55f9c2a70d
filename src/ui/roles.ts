import type { Permission, Role } from '#contract/permissions.ts'

export interface RoleWords {
  readonly title: string
  /** In one sentence, for whoever is about to give it. */
  readonly may: string
}

export const roleWords: Readonly<Record<Role, RoleWords>> = {
  SYSTEM_ADMIN: { title: 'System administrator', may: 'Everything: systems, storage, people and settings; signs restores and deletions.' },
  BACKUP_OPERATOR: {
    title: 'Backup operator',
    may: 'Makes, checks and downloads backups, runs drills and schedules, plans restores. Does not carry restores out.',
  },
  RESTORE_APPROVER: {
    title: 'Restore approver',
    may: 'Plans, approves and carries out restores, and says whether an unusual backup is right.',
  },
  AUDITOR: { title: 'Auditor', may: 'Reads everything, the audit trail too; verifies backups and places legal holds. Restores nothing.' },
  VIEWER: { title: 'Viewer', may: 'Sees systems, backups, jobs and alerts. Changes nothing and takes nothing out.' },
}

/** What each permission allows, under the heading that it belongs to. */
export const permissionGroups: readonly { readonly title: string; readonly permissions: Partial<Readonly<Record<Permission, string>>> }[] =
  [
    {
      title: 'Backups',
      permissions: {
        'backups.read': 'see backups and what is in them',
        'backups.create': 'make backups',
        'backups.verify': 'verify backups',
        'backups.download': 'download backups and their files: patient data leaves the installation',
        'backups.import': 'bring in backups from files',
        'backups.delete': 'delete backups',
        'backups.judge': 'say whether an unusual backup is right',
      },
    },
    {
      title: 'Restores and drills',
      permissions: {
        'restores.read': 'see restores and who signed them',
        'restores.preview': 'plan restores',
        'records.read': 'find single records, and see their rows before and after: patient data is shown',
        'restores.execute': 'carry restores out',
        'restores.approve': 'approve restores of others',
        'drills.read': 'see drills',
        'drills.run': 'run drills',
        'drills.report': 'take drill reports',
        'drills.write': 'say how often drills are due',
      },
    },
    {
      title: 'Systems and storage',
      permissions: {
        'systems.read': 'see systems and whether they are protected',
        'systems.test': 'test the connection to a system',
        'systems.write': 'connect, change and retire systems',
        'repositories.read': 'see repositories',
        'repositories.check': 'check repositories',
        'repositories.write': 'add, change and retire repositories',
      },
    },
    {
      title: 'Keeping',
      permissions: {
        'schedules.read': 'see schedules',
        'schedules.write': 'make and change schedules',
        'retention.read': 'see retention and deletion certificates',
        'retention.write': 'change retention',
        'holds.read': 'see legal holds',
        'holds.place': 'place legal holds',
        'holds.release': 'release legal holds',
      },
    },
    {
      title: 'Watching',
      permissions: {
        'jobs.read': 'see jobs',
        'jobs.cancel': 'cancel jobs',
        'alerts.read': 'see alerts',
        'alerts.acknowledge': 'acknowledge alerts',
        'audit.read': 'read and verify the audit trail',
        'audit.export': 'export the audit trail',
      },
    },
    {
      title: 'Managing',
      permissions: {
        'people.read': 'see people and their roles',
        'people.write': 'make accounts, give and take roles',
        'tenants.read': 'see all organizations',
        'tenants.write': 'make, rename and retire organizations',
        'notices.read': 'see where notifications go',
        'notices.write': 'change where notifications go',
        'settings.write': 'change the settings of the installation',
      },
    },
  ]

const words = new Map(permissionGroups.flatMap(({ permissions }) => Object.entries(permissions)))

export function permissionWords(permission: Permission): string {
  return words.get(permission) ?? permission
}
