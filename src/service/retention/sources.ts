/** What a backup holds, where its manifest does not say it. */
export const everyBackupType = { full: ['database', 'files'], database: ['database'], files: ['files'] } as const
