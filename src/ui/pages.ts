import {
  IconArchive,
  IconArrowBackUp,
  IconBellRinging,
  IconBuilding,
  IconCalendarClock,
  IconCalendarStats,
  IconClipboardCheck,
  IconDatabase,
  IconDeviceDesktop,
  IconGavel,
  IconHistory,
  IconLayoutDashboard,
  IconListDetails,
  IconMailCog,
  IconSettings,
  IconShieldCheck,
  IconSignature,
  IconUsers,
  type Icon,
} from '@tabler/icons-react'
import type { ComponentType } from 'react'
import type { Permission } from '#contract/permissions.ts'

export const groups = ['Recover', 'Protect', 'Watch', 'Manage'] as const
export type Group = (typeof groups)[number]

/** A page: where it is, who may see it, and the file that it is in, which is fetched when it is opened. */
export interface PageEntry {
  /** As TanStack Router writes it: `/backups/$id`. */
  readonly path: string
  readonly title: string
  readonly load: () => Promise<ComponentType>
  /** Without it everybody who is signed in. */
  readonly permission?: Permission
  /** Those with one stand in the sidebar, in this order. */
  readonly menu?: { readonly group: Group; readonly icon: Icon }
  /** Other words by which the command palette finds it. */
  readonly words?: string
}

/** Outside the frame: nobody is signed in there. */
export const openPages: readonly PageEntry[] = [
  { path: '/sign-in', title: 'Sign in', load: async () => (await import('./pages/entry/sign-in.tsx')).SignIn },
  { path: '/set-up', title: 'Set-up', load: async () => (await import('./pages/entry/set-up.tsx')).SetUp },
  { path: '/set-password', title: 'Set your password', load: async () => (await import('./pages/entry/set-password.tsx')).SetPassword },
]

/** THE LIST: a new page is one file and one line here. */
export const pages: readonly PageEntry[] = [
  {
    path: '/',
    title: 'Overview',
    permission: 'systems.read',
    menu: { group: 'Recover', icon: IconLayoutDashboard },
    words: 'dashboard home protection',
    load: async () => (await import('./pages/overview/overview.tsx')).Overview,
  },
  {
    path: '/backups',
    title: 'Backups',
    permission: 'backups.read',
    menu: { group: 'Recover', icon: IconArchive },
    words: 'list snapshots',
    load: async () => (await import('./pages/backups/backups.tsx')).Backups,
  },
  {
    path: '/backups/new',
    title: 'Back up now',
    permission: 'backups.create',
    words: 'create make new backup',
    load: async () => (await import('./pages/backup-wizard/backup-wizard.tsx')).BackupWizard,
  },
  {
    path: '/backups/compare',
    title: 'Compare two backups',
    permission: 'backups.read',
    words: 'difference diff',
    load: async () => (await import('./pages/backups/compare.tsx')).CompareBackups,
  },
  {
    path: '/backups/$id',
    title: 'Backup',
    permission: 'backups.read',
    load: async () => (await import('./pages/backups/backup.tsx')).BackupPage,
  },
  {
    path: '/restore',
    title: 'Restore',
    permission: 'restores.preview',
    menu: { group: 'Recover', icon: IconArrowBackUp },
    words: 'recover bring back',
    load: async () => (await import('./pages/restore-wizard/restore-wizard.tsx')).RestoreWizard,
  },
  {
    path: '/restore/plans/$id',
    title: 'Restore plan',
    permission: 'restores.read',
    load: async () => (await import('./pages/restore-wizard/plan.tsx')).PlanPage,
  },
  {
    path: '/restores',
    title: 'Restore history',
    permission: 'restores.read',
    menu: { group: 'Recover', icon: IconHistory },
    words: 'undo rollback',
    load: async () => (await import('./pages/restores/restores.tsx')).Restores,
  },
  {
    path: '/restores/$id',
    title: 'Restore',
    permission: 'restores.read',
    load: async () => (await import('./pages/restores/restore.tsx')).RestorePage,
  },
  {
    path: '/approvals',
    title: 'Approvals',
    permission: 'restores.approve',
    menu: { group: 'Recover', icon: IconSignature },
    words: 'second person sign inbox',
    load: async () => (await import('./pages/restores/approvals.tsx')).Approvals,
  },
  {
    path: '/systems',
    title: 'Systems',
    permission: 'systems.read',
    menu: { group: 'Protect', icon: IconDeviceDesktop },
    words: 'databases files applications',
    load: async () => (await import('./pages/systems/systems.tsx')).Systems,
  },
  {
    path: '/systems/new',
    title: 'Connect a system',
    permission: 'systems.write',
    words: 'register add database',
    load: async () => (await import('./pages/systems/connect.tsx')).ConnectSystem,
  },
  {
    path: '/systems/$id',
    title: 'System',
    permission: 'systems.read',
    load: async () => (await import('./pages/systems/system.tsx')).SystemPage,
  },
  {
    path: '/systems/$id/history',
    title: 'History of one record',
    permission: 'backups.download',
    load: async () => (await import('./pages/record-history/record-history.tsx')).RecordHistoryPage,
  },
  {
    path: '/schedules',
    title: 'Schedules',
    permission: 'schedules.read',
    menu: { group: 'Protect', icon: IconCalendarClock },
    words: 'cron clock automatic',
    load: async () => (await import('./pages/schedules/schedules.tsx')).Schedules,
  },
  {
    path: '/schedules/$id',
    title: 'Schedule',
    permission: 'schedules.read',
    load: async () => (await import('./pages/schedules/schedule.tsx')).SchedulePage,
  },
  {
    path: '/retention',
    title: 'Retention',
    permission: 'retention.read',
    menu: { group: 'Protect', icon: IconCalendarStats },
    words: 'policy keep remove certificates',
    load: async () => (await import('./pages/retention/retention.tsx')).Retention,
  },
  {
    path: '/holds',
    title: 'Legal holds',
    permission: 'holds.read',
    menu: { group: 'Protect', icon: IconGavel },
    words: 'litigation keep',
    load: async () => (await import('./pages/holds/holds.tsx')).Holds,
  },
  {
    path: '/drills',
    title: 'Drills',
    permission: 'drills.read',
    menu: { group: 'Protect', icon: IconClipboardCheck },
    words: 'prove test restore report',
    load: async () => (await import('./pages/drills/drills.tsx')).Drills,
  },
  {
    path: '/drills/$id',
    title: 'Drill',
    permission: 'drills.read',
    load: async () => (await import('./pages/drills/drill.tsx')).DrillPage,
  },
  {
    path: '/alerts',
    title: 'Alerts',
    permission: 'alerts.read',
    menu: { group: 'Watch', icon: IconBellRinging },
    words: 'problems doubts warnings',
    load: async () => (await import('./pages/alerts/alerts.tsx')).Alerts,
  },
  {
    path: '/jobs',
    title: 'Activity',
    permission: 'jobs.read',
    menu: { group: 'Watch', icon: IconListDetails },
    words: 'jobs runs running queue log',
    load: async () => (await import('./pages/jobs/jobs.tsx')).Jobs,
  },
  {
    path: '/jobs/$id',
    title: 'Job',
    permission: 'jobs.read',
    load: async () => (await import('./pages/jobs/job.tsx')).JobPage,
  },
  {
    path: '/audit',
    title: 'Audit trail',
    permission: 'audit.read',
    menu: { group: 'Watch', icon: IconShieldCheck },
    words: 'who did what chain verify export',
    load: async () => (await import('./pages/audit/audit.tsx')).Audit,
  },
  {
    path: '/storage',
    title: 'Storage',
    permission: 'repositories.read',
    menu: { group: 'Manage', icon: IconDatabase },
    words: 'repositories space disk',
    load: async () => (await import('./pages/storage/storage.tsx')).Storage,
  },
  {
    path: '/storage/new',
    title: 'Add a repository',
    permission: 'repositories.write',
    words: 'create connect repository recovery key',
    load: async () => (await import('./pages/storage/add-repository.tsx')).AddRepository,
  },
  {
    path: '/storage/$id',
    title: 'Repository',
    permission: 'repositories.read',
    load: async () => (await import('./pages/storage/repository.tsx')).RepositoryPage,
  },
  {
    path: '/notifications',
    title: 'Notifications',
    permission: 'notices.read',
    menu: { group: 'Manage', icon: IconMailCog },
    words: 'mail webhook slack teams channels',
    load: async () => (await import('./pages/notifications/notifications.tsx')).NotificationsPage,
  },
  {
    path: '/people',
    title: 'People and roles',
    permission: 'people.read',
    menu: { group: 'Manage', icon: IconUsers },
    words: 'users accounts permissions',
    load: async () => (await import('./pages/people/people.tsx')).People,
  },
  {
    path: '/people/$id',
    title: 'Account',
    permission: 'people.read',
    load: async () => (await import('./pages/people/person.tsx')).PersonPage,
  },
  {
    path: '/organizations',
    title: 'Organizations',
    permission: 'tenants.read',
    menu: { group: 'Manage', icon: IconBuilding },
    words: 'tenants customers',
    load: async () => (await import('./pages/organizations/organizations.tsx')).Organizations,
  },
  {
    path: '/settings',
    title: 'Settings',
    permission: 'settings.write',
    menu: { group: 'Manage', icon: IconSettings },
    words: 'sessions oidc single sign-on ping removal grace',
    load: async () => (await import('./pages/settings/settings.tsx')).Settings,
  },
  {
    path: '/account',
    title: 'Your account',
    words: 'password authenticator keys profile me',
    load: async () => (await import('./pages/account/account.tsx')).AccountPage,
  },
  {
    path: '/change-password',
    title: 'Change your password',
    load: async () => (await import('./pages/account/change-password.tsx')).ChangePassword,
  },
  {
    path: '/welcome',
    title: 'First steps',
    permission: 'systems.write',
    words: 'set up begin start',
    load: async () => (await import('./pages/welcome/welcome.tsx')).Welcome,
  },
]
