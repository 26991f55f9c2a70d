interface FaultKind {
  /** What the person reading it should do next: a whole sentence. */
  readonly hint: string
  /** The same call may succeed later without anybody acting. */
  readonly retry?: boolean
  /** The caller asked wrongly: exit code 2. */
  readonly usage?: boolean
}

// Every expected failure, once. Codes are stable: documents, tests and monitoring cite them.
const table = {
  // What was asked for
  USAGE: { usage: true, hint: 'Run the command with --help to see what it takes.' },
  INPUT_INVALID: { usage: true, hint: 'Correct the named field and try again.' },
  PATH_OUTSIDE_ROOT: { usage: true, hint: 'Name a path below the root, without "..".' },
  CONFIRMATION_MISMATCH: { usage: true, hint: 'Type the name of the system exactly as the plan shows it.' },
  REASON_REQUIRED: { usage: true, hint: 'State why with --reason "…"; it is kept in the receipt.' },
  CANCELLED: { hint: 'Nothing half-done is visible; run the command again when ready.' },

  // Storage
  STORAGE_UNREACHABLE: { retry: true, hint: 'Check that the storage is mounted or reachable, then try again.' },
  STORAGE_DENIED: { hint: 'Give the user that runs Integrum permission to read and write the storage.' },
  STORAGE_FULL: { hint: 'Free space on the storage or prune the repository, then try again.' },
  STORAGE_NOT_FOUND: { hint: 'The named file is not in the storage; run `integrum repository check`.' },
  STORAGE_EXISTS: { hint: 'A file of that name exists already and is never overwritten.' },
  STORAGE_UNTRUE: {
    hint: 'The storage says that it did what it has not done; check its disk and mount, then run `integrum repository check --read-data`.',
  },
  STORAGE_KIND: { usage: true, hint: 'Write the place of the repository as a directory, or as KIND:PLACE.' },
  STORAGE_READONLY: { hint: 'This storage was opened for reading only.' },
  STORAGE_TIMEOUT: { retry: true, hint: 'The storage did not answer in time; check the network and the disk.' },

  // Repository
  REPOSITORY_NOT_FOUND: { hint: 'Check the path, or make one with `integrum repository create`.' },
  REPOSITORY_EXISTS: { hint: 'Choose an empty place; an existing repository is never overwritten.' },
  REPOSITORY_VERSION: { hint: 'Only restic repository format 2 is supported; upgrade it with `restic migrate upgrade_repo_v2`.' },
  REPOSITORY_PASSWORD: { hint: 'Check the password file, or use the recovery key.' },
  REPOSITORY_LAST_KEY: { hint: 'Add another password first: a repository without a key can never be opened again.' },
  REPOSITORY_LOCKED: { retry: true, hint: 'Wait for the other operation to end; a lock without a living owner expires after 30 minutes.' },
  REPOSITORY_LOCK_LOST: { hint: 'Another program removed our lock, so nothing was made visible; run the operation again.' },
  REPOSITORY_PACK_VANISHED: { hint: 'A pack this backup relied on was removed meanwhile; run the backup again.' },
  PASSWORD_MISSING: { usage: true, hint: 'Give --password-file FILE or set INTEGRUM_PASSWORD_FILE.' },
  PASSWORD_WEAK: { usage: true, hint: 'Give a password: without one nothing can be read, with it everything can.' },
  PLAN_STALE: { hint: 'Things changed since the plan was made; make a new plan and read it again.' },
  PLAN_USED: { hint: 'A plan is carried out once; make a new plan.' },
  PLAN_INVALID: { usage: true, hint: 'Use the file that `restore plan --out` wrote, unchanged.' },
  BACKUP_NOT_FOUND: { usage: true, hint: 'List what there is with `integrum backups list`.' },
  BACKUP_AMBIGUOUS: { usage: true, hint: 'Give more characters of the id.' },
  RETENTION_HELD: { hint: 'Release the hold first; it says why the backup must stay.' },
  RETENTION_CLOCK: {
    hint: 'Look at the clocks of this machine and of the storage and set them right, or make a backup; when they are right, say so with --clock-reason.',
  },
  RETENTION_MINIMUM: { hint: 'Nothing of this record class is deleted before its minimum is over; `integrum retention show` says when.' },
  RETENTION_KEPT: { hint: 'The policy keeps it by now, so it stays; delete it by hand if it must go.' },
  RETENTION_LAST_GOOD: {
    hint: 'The last good and the last proven backup of a system are never forgotten; make or drill a newer one first.',
  },

  // Damage: bytes are wrong. Never retried, always an alarm.
  DAMAGE_BLOB: {
    hint: 'A piece is lost or altered; what else the backup holds is whole. `integrum repository repair --read-data` names all and saves the rest.',
  },
  DAMAGE_PACK: {
    hint: 'A pack file is truncated or altered; `integrum repository repair --read-data` saves what is whole of it.',
  },
  DAMAGE_INDEX: { hint: 'Nothing is lost by an index alone: `integrum repository repair` makes it anew from the packs.' },
  DAMAGE_KEY: {
    hint: 'Open the repository with another password or the recovery key; `integrum repository repair` moves the altered file aside.',
  },
  DAMAGE_CONFIG: {
    hint: 'Bring the config back from a copy of the repository; without one, `integrum repository repair` makes a new one.',
  },
  DAMAGE_SNAPSHOT: {
    hint: 'Other backups are not affected: name one by its id. `integrum repository repair` moves the damaged file aside.',
  },
  DAMAGE_LOCK: { hint: 'A lock file is altered; it counts as a lock of somebody else until it is 30 minutes old.' },
  DAMAGE_TREE: {
    hint: 'A directory listing of the backup is altered or missing; `integrum repository repair` says what is lost and saves the rest.',
  },
  DAMAGE_MISSING_PACK: {
    hint: 'Bring the pack back from a copy of the repository; without one, `integrum repository repair` says what is lost.',
  },
  DAMAGE_REPOSITORY: {
    hint: 'Bring the named files back from a copy of the repository, or see what `integrum repository repair` can save.',
  },
  DAMAGE_BACKUP: {
    hint: 'What is not named is whole; `integrum repository repair --read-data --with-gaps` writes it as a snapshot that can be restored.',
  },
  DAMAGE_ARCHIVE: { hint: 'Fetch the archive again from where it came, and compare its SHA-256 with what the export said.' },
  DAMAGE_MANIFEST: { hint: 'The manifest does not fit the backup it stands in; use another backup and run a full check.' },

  // PostgreSQL
  DATABASE_URL: { usage: true, hint: 'Write it as postgresql://user@host:port/database, without a password in it.' },
  DATABASE_URL_PASSWORD: { usage: true, hint: 'Take the password out of the URL and put it into a file named by PGPASSFILE (mode 0600).' },
  DATABASE_UNREACHABLE: { retry: true, hint: 'Check host, port and that the server is running and accepts connections.' },
  DATABASE_AUTHENTICATION: { hint: 'Check the user and the password in PGPASSFILE or PGPASSWORD, and pg_hba.conf.' },
  DATABASE_NOT_FOUND: { hint: 'Check the name of the database in the URL.' },
  DATABASE_VERSION: { hint: 'Install PostgreSQL client tools of at least the version of the server.' },
  DATABASE_COVERAGE: { hint: 'Run the printed GRANT as a superuser, or use a role that may read everything.' },
  DATABASE_ENCODING: { hint: 'Rename what is named, or write it in UTF-8; rows may hold any bytes.' },
  DATABASE_ROW_SECURITY: { hint: 'Back up with a role that has BYPASSRLS, so that no row is hidden.' },
  DATABASE_LOCKED: { retry: true, hint: 'Another session holds or waits for a strong lock; run the backup when its DDL has ended.' },
  DATABASE_CHANGED: { retry: true, hint: 'Tables were created or dropped while the backup began; run it again.' },
  DATABASE_SNAPSHOT_TOO_OLD: { hint: 'Raise the maximum snapshot age, or back up when the server is less busy.' },
  DATABASE_SESSIONS: { hint: 'End the named sessions or stop the application, then run the restore again.' },
  DATABASE_PREPARED_TRANSACTIONS: { hint: 'Commit or roll back the prepared transactions in the target first.' },
  DATABASE_REPLICATION_SLOTS: { hint: 'Drop the logical replication slots of the target first; they cannot follow a restored database.' },
  DATABASE_PRIVILEGE: { hint: 'Use a superuser, or a role that owns the database and has CREATEDB.' },
  DATABASE_QUERY: { hint: "Read the server's message; its log has more." },
  DATABASE_TOOL: { hint: "Read the message of PostgreSQL's tool above." },

  // Files
  ROOT_NOT_FOUND: { hint: 'Check the directory given with --files.' },
  ROOT_NOT_DIRECTORY: { usage: true, hint: 'Give a directory, not a file.' },
  ROOT_SYMLINK: { usage: true, hint: 'Give the directory that the link points to.' },
  ROOT_DENIED: { hint: 'Run as root, or as a user that may read every file below the root.' },
  ROOT_HOLDS_MOUNT: { hint: 'Unmount the named file system, or back it up and restore it as a root of its own.' },
  ROOT_IN_USE: { hint: 'Stop the named processes, or give stop and restart hooks in the settings.' },
  FILE_NOT_IN_BACKUP: { usage: true, hint: 'List the files of the backup with `integrum backups files`.' },
  TARGET_BUSY: { retry: true, hint: 'Another restore works on the same target; wait for it, or run `integrum restore recover`.' },

  // Restore
  RESTORE_SPACE: { hint: 'Free the missing space on the named file system, then plan again.' },
  RESTORE_SPACE_UNKNOWN: { hint: 'State the free space of a remote server with --free-bytes NAME=BYTES.' },
  RESTORE_ROLE_MISSING: { hint: 'Choose for each missing role: --role NAME=create, or --role NAME=map:OTHER.' },
  RESTORE_EXTENSION_MISSING: { hint: 'Install the named extension on the target server.' },
  RESTORE_TABLESPACE_MISSING: { hint: 'Create the named tablespace on the target server.' },
  RESTORE_VERSION: { hint: 'Restore to a server of the same or a newer major version.' },
  RESTORE_VERIFY: { hint: 'The staging differs from the backup, so it was not made live; run `integrum verify` on the backup.' },
  RESTORE_LOSS: { hint: 'More changed since the plan than it allowed; plan again and confirm the new loss statement.' },
  RESTORE_SERVER_RESTARTED: {
    hint: 'The server restarted after the staging was verified, so it must be verified again; run the restore again.',
  },
  RESTORE_STATE: { hint: 'Run `integrum restore recover`, then look at the state of the restore again.' },
  RESTORE_NOT_FOUND: { usage: true, hint: 'Give the id that `restore run` printed; --state must name the same directory.' },
  RESTORE_TARGET_CHANGED: { hint: 'The live database or directory is not the one this restore left; nothing was touched.' },
  PROOF_SIGNATURE: {
    hint: 'Do not rely on the report: ask for the original, or read it out of the repository with `integrum backups show`.',
  },
  HOOK_FAILED: { hint: "Read the output of the hook; it is named in the system's settings." },

  // Portable archives and dumps of other programs
  ARCHIVE_FORMAT: { usage: true, hint: 'Give a tar, plain or in gzip or zstd, or a dump of pg_dump; unpack anything else first.' },
  ARCHIVE_EXISTS: { usage: true, hint: 'Choose another name with --out; an existing file is never overwritten.' },
  ARCHIVE_VERSION: { hint: 'A newer Integrum wrote this archive; import it with that one.' },
  ARCHIVE_PASSPHRASE: { usage: true, hint: 'Give the passphrase of the archive with --passphrase-file FILE.' },
  ARCHIVE_UNSAFE: { hint: 'Nothing was imported. Find out who made this archive; what is named would lead out of its tree.' },
  ARCHIVE_ORDER: { hint: 'Unpack the archive and pack it again with tar, so that each directory stands in it once.' },
  ARCHIVE_LIMIT: {
    hint: 'If you trust the archive, unpack it yourself and look at what comes out; docs/guide/archives.md has the bounds.',
  },
  BACKUP_EXISTS: { usage: true, hint: 'The backup is there already; --as-new imports it once more under an id of its own.' },
  DUMP_COMMANDS: { hint: 'Nothing was imported. A dump has no business running commands: find out who made it.' },
  DUMP_INVALID: { hint: 'Make the dump again with pg_dump, without --create.' },

  // The service
  SERVICE_REPLY: { hint: 'Check the address: what answers there is no Integrum, or a much older or newer one.' },
  SERVICE_UNREACHABLE: { retry: true, hint: 'Check the address, and that `integrum serve` runs there.' },
  CATALOG_UNREACHABLE: {
    retry: true,
    hint: 'Check the PostgreSQL of the catalog: `INTEGRUM_DATABASE_URL`, or the log in the data directory.',
  },
  CATALOG_VERSION: { hint: 'Start the Integrum that wrote this catalog, or a newer one; nothing was changed.' },
  CATALOG_ROLE: { hint: 'Give the catalog a role of its own: `create role integrum login; create database integrum owner integrum`.' },
  SECRET_KEY: { hint: 'Put the sealing key of this installation back in its place; without it no stored secret opens.' },
  SECRET_UNREADABLE: { hint: 'The sealing key is not the one of this catalog: put the right one back, or enter the secret again.' },
  SYSTEM_NOT_FOUND: { usage: true, hint: 'Register the system first, or check its name; only those of your tenants are seen.' },
  SERVICE_ABSENT: {
    hint: 'Start the service first, or name its data directory with --data, or its PostgreSQL with INTEGRUM_DATABASE_URL.',
  },
  DATA_IN_USE: { hint: 'Stop the other service first, or give this one a data directory of its own with --data.' },
  PORT_IN_USE: { hint: 'Another service listens there, perhaps an Integrum that still runs; choose another with --port.' },
  NOT_READY: { retry: true, hint: 'Look at the part that it names; until then the service cannot protect anything.' },
  WORKER_ABSENT: { retry: true, hint: 'Start a worker: `integrum worker`, or the service without --no-worker.' },
  JOB_LOST: { retry: true, hint: 'Another worker has the job by now; look at its run.' },
  BACKUP_NAME_TAKEN: { hint: 'Choose another name, or give none: one is made of system, type and time.' },
  BACKUP_SPACE: { hint: 'Free space on the storage, shorten the retention, or give the system another repository; nothing was written.' },
  BACKUP_BUSY: { hint: 'Wait until its job has ended, or cancel it.' },
  BACKUP_DELETED: { hint: 'Take the deletion back first; that can be done until the backup is removed.' },
  DRILL_NO_REPORT: { hint: 'Wait until it has ended; a drill that found nothing out says why in its details.' },
  ANOMALY_NONE: { hint: 'Look at the backup again: its anomaly, and what was said of it, stand in its details.' },
  BACKUP_KEPT: { hint: 'Settle the alert first: a drill that passes, or your word on what is unlike, releases what it keeps.' },
  HOLD_TOO_LATE: { hint: 'What was removed cannot be held; its deletion certificate says who removed it, when and why.' },
  HOLD_RELEASED: { hint: 'There is nothing to release any more; look at who released it.' },
  SIGNATURE_NEEDED: { hint: 'Look at what would be lost, then do it again with your password, your code and what the signature means.' },
  BACKUP_NOT_READY: { hint: 'Look at the status of the backup; choose one that is completed.' },
  SCHEDULE_NAME_TAKEN: { hint: 'Choose another name for the schedule.' },
  JOB_CRASHED: { retry: true, hint: 'The log of the worker has the rest: out of memory, or killed by somebody. Start the job again.' },
  JOB_KIND: { hint: 'A worker of an older Integrum runs beside a newer service: bring all of them to one version.' },
  ALERT_SETTLED: { hint: 'It is closed already; when it is found so again, it opens again.' },
  CHANNEL_FAILED: {
    retry: true,
    hint: 'Look at what the server answered, correct the channel, and send a test message through it; what waits is tried again by itself.',
  },
  JOB_OVER: { hint: 'There is nothing to cancel any more.' },
  BODY_INVALID: { usage: true, hint: 'Send one JSON document, with `Content-Type: application/json`.' },
  BODY_TOO_LARGE: { usage: true, hint: 'Send less; archives go to the upload endpoint.' },
  MEDIA_TYPE: { usage: true, hint: 'Send `Content-Type: application/json`.' },
  NOT_SIGNED_IN: { hint: 'Sign in, or send `Authorization: Bearer TOKEN`; a session may have ended.' },
  SIGN_IN_REFUSED: {
    hint: 'Check name, password and code. Five failures lock an account for 15 minutes, further ones for longer; an administrator can unlock it.',
  },
  REAUTHENTICATION: {
    hint: 'Check password and code; a code is good once. Five failures lock an account for 15 minutes, further ones for longer.',
  },
  TOTP_NEEDED: { hint: 'Enrol an authenticator with `POST /api/v1/me/totp` first.' },
  TOTP_ENROLLED: { hint: 'Remove the one before with its code or a recovery code, or ask an administrator to.' },
  SIGNING_POLICY: { hint: 'Read `GET /api/v1/signing-policy` and accept it with `POST /api/v1/me/signing-policy`; that is done once.' },
  SET_UP_LINK: { hint: 'Start the service again: as long as nobody has set it up, it prints a new link that is good for a day.' },
  OIDC_OFF: { hint: 'Sign in with name and password, or ask an administrator to set a provider up.' },
  OIDC_PROVIDER: { retry: true, hint: 'Check the address of the provider, and that this machine reaches it.' },
  OIDC_REFUSED: { hint: 'Begin again at the sign-in page; if it stays so, show the fact to whoever cares for the provider.' },
  OIDC_NO_ACCOUNT: { hint: 'Ask an administrator for an account of that name without a password, or to let accounts be made.' },
  PASSWORD_LINK: { hint: 'Ask an administrator for a new link: each is good once, for three days, and ends the one before.' },
  ROLES_BEYOND: { hint: 'Ask an administrator of the whole installation: the account has roles beyond your tenants.' },
  LAST_ADMINISTRATOR: { hint: 'Give somebody else the role SYSTEM_ADMIN in the whole installation first.' },
  PERSON_RETIRED: { hint: 'A closed account stays closed; make another under another name.' },
  TENANT_IN_USE: { hint: 'Retire the named systems first; their backups stay.' },
  PASSWORD_RULES: {
    usage: true,
    hint: 'Choose 12 characters or more, a few words for example, that nobody would guess and you have not used.',
  },
  PASSWORD_CHANGE_NEEDED: { hint: 'Set a password of your own with `POST /api/v1/me/password`; until then nothing else is open.' },
  SESSION_NEEDED: { hint: 'Sign in as a person: a key may not do this for anybody.' },
  FORBIDDEN: { hint: 'Ask an administrator for a role that has this permission; the try was recorded.' },
  ORIGIN_REFUSED: { hint: "Send the request from a page of this service, or with a token instead of the browser's cookie." },
  SCREEN_NOT_BUILT: {
    hint: 'Run `npm run build` where the service is installed, then start it again; the interface and the command line work without.',
  },
  ENTITY_MODEL: {
    usage: true,
    hint: 'The schema may have changed since the model was written: run `integrum entities discover`, then correct the settings.',
  },
  ENTITY_UNKNOWN: { usage: true, hint: 'Check the kind and the key; a record that was deleted is found in a backup from before.' },
  ENTITY_KEY: { usage: true, hint: 'Write the key as the application shows it; `integrum entities discover` says of which column it is.' },
  ENTITY_POLICY: {
    usage: true,
    hint: 'The plan lists the rows that need a choice: make it anew with a policy for them (--conflicts, --parents, or --policy FILE, with copyValues for copies).',
  },
  ENTITY_CHOICE: {
    usage: true,
    hint: 'Look at the policy: tables, columns and keys have to be as the live database has them now, and each is named once.',
  },
  ENTITY_DRIFT: {
    hint: 'The schema changed since the backup in a way that its rows do not fit any more; restore to another place, or change the schema back for it.',
  },
  ENTITY_LOCKED: { retry: true, hint: 'Nothing was changed. Try again when the other session is done; `pg_locks` says which one it is.' },
  ENTITY_WRITE: {
    hint: 'Nothing was changed. Change what the fact names in live, or leave rows out with --policy; triggers can be kept quiet with --triggers quiet.',
  },
  ENTITY_COMPLEMENT: {
    hint: 'Nothing was changed. A trigger, a rule or a cascade reaches beyond the record; keep triggers quiet, or change what the reference means in the settings.',
  },
  ENTITY_UNDO_CONFLICT: {
    hint: 'Nothing was changed. What the restore wrote was changed since; make a new plan from the backup that holds the state you want.',
  },
  ENTITY_TOO_LARGE: {
    usage: true,
    hint: 'Ask for something smaller, such as one patient of a study, or for fewer backups with --since and --until.',
  },
  SELECTION_INVALID: {
    usage: true,
    hint: 'Check tables (SCHEMA.TABLE, of partitions the root), data types and time columns against the settings of the system.',
  },
  SELECTION_EMPTY: { usage: true, hint: 'Nothing was stored. Widen the range, or check what the tables hold.' },
  RESTORE_NOT_WHOLE: {
    usage: true,
    hint: 'It does not hold the whole system. Restore it to another place (a database and directories that do not exist yet), or take single records out of it.',
  },
  NOT_FOUND: { usage: true, hint: 'Check the id; what belongs to others or was removed is not found either.' },
  TOO_MANY_REQUESTS: { retry: true, hint: 'Wait as long as the header Retry-After says.' },
  SHUTTING_DOWN: { retry: true, hint: 'The service is stopping; try again in a moment.' },
  IDEMPOTENCY_KEY_REUSED: { usage: true, hint: 'Use a new Idempotency-Key for each new request.' },
  DOUBLE_SUBMIT: { retry: true, hint: 'Ask again with the same Idempotency-Key: the answer of the first is given.' },

  PLAN_NOT_READY: { retry: true, hint: 'Wait until its job has ended; when that failed, read why and plan again.' },
  PLAN_EXPIRED: { hint: 'A plan is good for 24 hours; make a new plan and read it again.' },
  RESTORE_UNDER_WAY: { hint: 'Wait until it has ended, or cancel it: one restore of a system at a time.' },
  SECOND_APPROVER: { hint: 'Somebody else who may approve restores must sign; nobody approves what they ordered.' },
  NAME_TAKEN: { hint: 'Choose another name.' },
  RETIRED: { hint: 'What is retired is kept for its records alone; use another one.' },
  CHANGED_MEANWHILE: { retry: true, hint: 'Read it again, then decide whether you still want your change.' },
  REPOSITORY_REGISTERED: { hint: 'Use the one that is registered: two entries for one repository would remove what the other needs.' },
  SYSTEM_BUSY: { retry: true, hint: 'Wait until its jobs have ended, or cancel them.' },
  REPOSITORY_IN_USE: { hint: 'Give those systems another repository, or retire them first.' },

  // Masks
  MASK_SETTINGS: { usage: true, hint: 'Correct the named part of `masks` in the settings; `integrum masks plan` shows what they mean.' },
  MASK_REFUSED: { usage: true, hint: 'Choose another mask for the named column; `integrum masks plan` shows what each one may have.' },
  MASK_VALUE: { hint: 'Choose a mask for the named column that takes such values, such as hash, fixed or null. Nothing was stored.' },
  MASK_KEY: { usage: true, hint: 'Give a file with at least 32 characters that nobody can guess, such as `openssl rand -hex 32` writes.' },
  RESTORE_MASKED: {
    usage: true,
    hint: 'Name another database with --database NAME=URL; to bring the system itself back, take one of its own backups.',
  },

  // The machine
  TOOL_MISSING: { hint: 'Install the named program.' },
  DISK_FULL: { hint: 'Free space on the named file system.' },
  HOST_IO: { hint: 'Check the disk and the permissions of the named path.' },
} as const satisfies Record<string, FaultKind>

export type FaultCode = keyof typeof table

export const faultCodes: Readonly<Record<FaultCode, FaultKind>> = table
