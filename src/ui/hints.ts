/** Where the hint of a fault speaks of the command line, what is done in the pages instead. By code. */
const onPages: Readonly<Record<string, string>> = {
  ARCHIVE_PASSPHRASE: 'Give the passphrase that the archive was made with.',
  BACKUP_EXISTS: 'The backup is there already; “Import it once more” gives it an id of its own.',
  BACKUP_NOT_FOUND: 'Look under Backups for what there is.',
  FILE_NOT_IN_BACKUP: 'Look through the files of the backup on its page.',
  PROOF_SIGNATURE: 'Do not rely on the report: ask for the original, or take it anew from the page of the drill.',
  REASON_REQUIRED: 'State why; it is kept with the record of the act.',
  REPOSITORY_NOT_FOUND: 'Check the place, or add a repository under Storage.',
  RESTORE_MASKED: 'Restore it elsewhere, into another database; to bring the system itself back, take one of its own backups.',
  RESTORE_NOT_FOUND: 'Look under Restore history for what there is.',
  RESTORE_ROLE_MISSING: 'Choose under “Roles” of the restore: create them, or name another one that stands for them.',
  RESTORE_SPACE_UNKNOWN: 'Say under “Free space” of the restore how much the server has free.',
  RESTORE_STATE: 'The service finishes or takes back by itself what was cut off: look at the restore again in a minute.',
  RESTORE_VERIFY: 'What was restored differs from the backup, so it was not made live; verify the backup on its page.',
  RETENTION_CLOCK:
    'Look at the clocks of this machine and of the storage and set them right, or make a backup; when they are right, sign so under Settings.',
  RETENTION_MINIMUM: 'Nothing of this record class is deleted before its minimum is over; the preview under Retention says when.',
  ROOT_NOT_FOUND: 'Check the directory in the settings of the system.',
  SERVICE_UNREACHABLE: 'Check the network, and that the service runs.',
  STORAGE_NOT_FOUND: 'The named file is not in the storage; check the repository on its page.',
  STORAGE_UNTRUE: 'The storage says that it did what it has not done; look at its disk and mount, then check every byte on its page.',
  TARGET_BUSY: 'Another restore works on the same target; wait for it.',
  WORKER_ABSENT: 'Start a worker on a machine of the service: jobs wait until there is one.',
  USAGE: 'Choose something else, and try again.',
}

/** What to do about a fault, for whoever has the pages before them. */
export function hintOf({ code, hint }: { readonly code: string; readonly hint: string }): string {
  return onPages[code] ?? hint
}

/** A tenant is called an organization where people read of it. Not where it may be the name of something, as of a table. */
export function factOf(fact: string): string {
  return fact
    .replaceAll(/\b(the|no|other|your|is or was a) tenant(s?)\b(?![.\w])/g, '$1 organization$2')
    .replaceAll('a organization', 'an organization')
}
