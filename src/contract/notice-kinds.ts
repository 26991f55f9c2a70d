export const severities = ['info', 'warning', 'critical'] as const
export type Severity = (typeof severities)[number]

/** THE LIST: what people are told about. A new one is a line here, and whoever finds it so calls `raiseAlert` or `tell`. */
export const noticeKinds = {
  'backup-failed': { severity: 'critical', title: 'A backup failed' },
  'backup-gaps': { severity: 'warning', title: 'A backup was completed with gaps' },
  'backup-anomalous': { severity: 'critical', title: 'A backup is unlike those before it' },
  'verification-failed': { severity: 'critical', title: 'A backup is damaged' },
  'repository-damaged': { severity: 'critical', title: 'A repository is damaged' },
  'drill-failed': { severity: 'critical', title: 'A recovery drill failed' },
  'drill-overdue': { severity: 'warning', title: 'A recovery drill is overdue' },
  'schedule-missed': { severity: 'critical', title: 'A scheduled backup did not run' },
  'recovery-point-old': { severity: 'critical', title: 'The newest backup is older than its objective' },
  'restore-begun': { severity: 'warning', title: 'A restore began' },
  'restore-ended': { severity: 'info', title: 'A restore was completed' },
  'restore-failed': { severity: 'critical', title: 'A restore failed' },
  'job-failed': { severity: 'critical', title: 'A job failed' },
  'space-low': { severity: 'warning', title: 'The storage fills up' },
  'space-out': { severity: 'critical', title: 'A backup does not fit' },
  'not-covered': { severity: 'warning', title: 'Something is in no backup' },
  'sign-in-burst': { severity: 'critical', title: 'Many sign-ins are refused' },
  'audit-broken': { severity: 'critical', title: 'The audit trail was altered' },
  'channel-silent': { severity: 'warning', title: 'People are not reached' },
  'retention-waits': { severity: 'warning', title: 'A mass deletion waits for a signature' },
  'clock-jumped': { severity: 'critical', title: 'The clock jumped: deletion waits' },
  'clock-set': { severity: 'warning', title: 'The clock was set' },
} as const satisfies Readonly<Record<string, { readonly severity: Severity; readonly title: string }>>

export type NoticeKind = keyof typeof noticeKinds
