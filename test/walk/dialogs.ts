/**
 * What opens over a page (dialogs, drawers, menus), by the file below `src/ui` that opens it: the looks at it, one for each at least.
 * `visitor.look` finds it open; `dialogs.test.ts` that none is missing here, and that a walk takes each look.
 */
export const looksAtDialogs: Readonly<Record<string, readonly string[]>> = {
  'frame/account-menu.tsx': ['account-menu'],
  'frame/palette.tsx': ['palette'],
  'pages/account/authenticator.tsx': ['authenticator', 'recovery-codes', 'codes-renew', 'authenticator-remove'],
  'pages/account/own-keys.tsx': ['key-new', 'key-made', 'key-end'],
  'pages/alerts/alert-drawer.tsx': ['alert'],
  'pages/audit/event-drawer.tsx': ['audit-event'],
  'pages/backups/backup-acts.tsx': ['backup-menu'],
  'pages/backups/backup-anomaly.tsx': ['anomaly-reject', 'anomaly-accept'],
  'pages/backups/backup-drawer.tsx': [
    'backup-overview',
    'backup-sources',
    'backup-tables',
    'backup-files',
    'backup-sizes',
    'backup-trail',
    'backup-proofs',
  ],
  'pages/backups/delete-backup.tsx': ['delete', 'delete-held', 'undelete'],
  'pages/backups/download-archive.tsx': ['archive', 'archive-ready'],
  'pages/backups/import-backup.tsx': ['import', 'imported'],
  'pages/backups/verify-backup.tsx': ['verify'],
  'pages/drills/policy-editor.tsx': ['drill-policy'],
  'pages/drills/run-drill.tsx': ['drill-run'],
  'pages/holds/hold-drawer.tsx': ['hold'],
  'pages/holds/place-hold.tsx': ['hold-place', 'hold-place-system'],
  'pages/holds/release-hold.tsx': ['hold-release'],
  'pages/notifications/channel-card.tsx': ['channel-remove'],
  'pages/notifications/channel-editor.tsx': ['channel-editor', 'channel-mail'],
  'pages/organizations/add-organization.tsx': ['organization-add'],
  'pages/organizations/organizations.tsx': ['organization-rename', 'organization-in-use'],
  'pages/people/add-person.tsx': ['add-person', 'password-link'],
  'pages/people/person-acts.tsx': [
    'person-menu',
    'person-edit',
    'person-link',
    'person-link-made',
    'person-unlock',
    'person-totp-reset',
    'close-account',
  ],
  'pages/people/person-keys.tsx': ['person-key-end'],
  'pages/people/person-roles.tsx': ['role-give', 'role-take-back'],
  'pages/restores/cancel-restore.tsx': ['restore-turn-down'],
  'pages/restores/undo-release.tsx': ['restore-undo', 'restore-release'],
  'pages/retention/carry-out.tsx': ['retention-run'],
  'pages/retention/clock.tsx': ['clock-sign'],
  'pages/retention/save-policy.tsx': ['retention-sign'],
  'pages/schedules/remove-schedule.tsx': ['schedule-remove'],
  'pages/schedules/schedule-editor.tsx': ['schedule-editor'],
  'pages/schedules/schedule-switch.tsx': ['schedule-off'],
  'pages/settings/oidc.tsx': ['oidc-remove'],
  'pages/settings/ping.tsx': ['ping-remove'],
  'pages/settings/trail-key.tsx': ['trail-key'],
  'pages/storage/add-repository.tsx': ['recovery-key-left'],
  'pages/storage/change-password.tsx': ['repository-password'],
  'pages/storage/check-section.tsx': ['check-dialog'],
  'pages/storage/edit-repository.tsx': ['repository-edit'],
  'pages/storage/reading-section.tsx': ['repository-reading'],
  'pages/storage/retire-repository.tsx': ['repository-retire'],
  'pages/systems/retire-system.tsx': ['system-retire'],
  'parts/column-choice.tsx': ['backup-columns'],
  'parts/job-progress.tsx': ['job-cancel'],
}

const names = new Set(Object.values(looksAtDialogs).flat())

export function isOfDialog(look: string): boolean {
  return names.has(look)
}
