/** What a person may be in an installation (`null` tenant) or in one tenant of it. */
export const roles = ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER', 'AUDITOR', 'VIEWER'] as const
export type Role = (typeof roles)[number]

/**
 * The permission matrix: the only place that says who may do what. An endpoint names one of these, the gate looks it up
 * here, and `docs/api/permissions.md` is printed from it.
 */
export const permissionMatrix = {
  'systems.read': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER', 'AUDITOR', 'VIEWER'],
  'systems.write': ['SYSTEM_ADMIN'],
  'systems.test': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR'],
  'repositories.read': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER', 'AUDITOR', 'VIEWER'],
  'repositories.write': ['SYSTEM_ADMIN'],
  'repositories.check': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR'],
  'backups.read': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER', 'AUDITOR', 'VIEWER'],
  'backups.create': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR'],
  'backups.verify': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'AUDITOR'],
  /** The content of backups: patient data leaves the installation. */
  'backups.download': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR'],
  'backups.import': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR'],
  'backups.delete': ['SYSTEM_ADMIN'],
  /** To say of a backup that is unlike those before it whether it is right. */
  'backups.judge': ['SYSTEM_ADMIN', 'RESTORE_APPROVER'],
  'drills.read': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER', 'AUDITOR', 'VIEWER'],
  'drills.run': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR'],
  'drills.report': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER', 'AUDITOR'],
  'drills.write': ['SYSTEM_ADMIN'],
  'schedules.read': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER', 'AUDITOR', 'VIEWER'],
  'schedules.write': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR'],
  'retention.read': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER', 'AUDITOR', 'VIEWER'],
  'retention.write': ['SYSTEM_ADMIN'],
  'holds.read': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER', 'AUDITOR', 'VIEWER'],
  'holds.place': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'AUDITOR'],
  'holds.release': ['SYSTEM_ADMIN'],
  'restores.read': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER', 'AUDITOR', 'VIEWER'],
  'restores.preview': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER'],
  /** Rows of single records, before and after: patient data is shown. */
  'records.read': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER'],
  'restores.execute': ['SYSTEM_ADMIN', 'RESTORE_APPROVER'],
  'restores.approve': ['SYSTEM_ADMIN', 'RESTORE_APPROVER'],
  'jobs.read': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER', 'AUDITOR', 'VIEWER'],
  'jobs.cancel': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR'],
  'people.read': ['SYSTEM_ADMIN', 'AUDITOR'],
  'people.write': ['SYSTEM_ADMIN'],
  'tenants.read': ['SYSTEM_ADMIN', 'AUDITOR'],
  'tenants.write': ['SYSTEM_ADMIN'],
  'audit.read': ['SYSTEM_ADMIN', 'AUDITOR'],
  'audit.export': ['SYSTEM_ADMIN', 'AUDITOR'],
  'alerts.read': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'RESTORE_APPROVER', 'AUDITOR', 'VIEWER'],
  'alerts.acknowledge': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR'],
  'notices.read': ['SYSTEM_ADMIN', 'BACKUP_OPERATOR', 'AUDITOR'],
  'notices.write': ['SYSTEM_ADMIN'],
  'settings.write': ['SYSTEM_ADMIN'],
} as const satisfies Readonly<Record<string, readonly Role[]>>

export type Permission = keyof typeof permissionMatrix

/** Needs a role of the whole installation: a role in one tenant is not enough, since these concern all of them. */
export const installationPermissions: readonly Permission[] = ['tenants.read', 'tenants.write', 'settings.write']

export function mayRole(role: Role, permission: Permission): boolean {
  return (permissionMatrix[permission] as readonly Role[]).includes(role)
}
