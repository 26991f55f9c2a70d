import type { Manifest } from './manifest.ts'

/** `/README.txt` of a backup: how to bring it back with restic and PostgreSQL's client tools, and nothing of ours. */
export function printReadme(manifest: Manifest): string {
  const lines = [
    `This is backup ${manifest.backup}`,
    `of the system "${manifest.system}", begun ${manifest.startedAt} on ${manifest.hostname}.`,
    '',
    ...(manifest.selection
      ? [
          'IT DOES NOT HOLD THE WHOLE SYSTEM: only the rows and files of a selection, and what has to exist for them. manifest.json',
          'says which, under "selection". Never put it in the place of the system; load it into a database of its own.',
          '',
        ]
      : []),
    ...(manifest.sanitization ? ['It is MASKED: made for another place, and never to be put where it was made of.', ''] : []),
    'It can be restored without Integrum, with restic (0.14 or newer) and the client tools of PostgreSQL alone.',
    '',
    '1. Fetch it. SNAPSHOT is what `restic snapshots` shows for the tag backup=' + manifest.backup + ':',
    '',
    '     restic -r REPOSITORY restore SNAPSHOT --target DIRECTORY',
    '',
    '   restic asks for a password of the repository; the recovery key is one.',
    '   restic 0.14 writes sparse files with their holes filled; the content is the same.',
    '',
  ]
  lines.push(...databaseLines(manifest, 2))
  if (manifest.roots.length > 0) {
    lines.push('3. Put the files back. They stand below files/, with owners, modes and times when restic ran as root:', '')
    for (const root of manifest.roots) {
      lines.push(
        `     files/${root.name}   was ${JSON.stringify(root.path)}: ${root.files} files, ${root.bytes} bytes, read from ${root.instant} on`,
        '',
      )
    }
  }
  lines.push(...closingLines(manifest))
  return lines.join('\n')
}

/** How to load the databases, as step `step` of a person who has the files; nothing when there are none. */
export function databaseLines(manifest: Manifest, step: number, more: readonly string[] = []): string[] {
  if (manifest.databases.length === 0) return []
  return [
    `${step}. Load the databases. Each folder below database/ has a script that checks the files, creates the database when`,
    '   it is missing, loads it with psql and pg_restore, and counts the rows. It refuses a database that is not empty.',
    '   Where to connect comes from PGHOST, PGPORT and PGUSER; the user should be a superuser.',
    ...more,
    '',
    ...manifest.databases.flatMap((database) => [
      `     cd DIRECTORY/database/${database.name} && sh restore.sh [NEW_NAME]`,
      `       PostgreSQL ${database.serverVersion.text}, ${database.tables.length} tables, ${database.rows} rows, as of ${database.instant}`,
      '',
    ]),
  ]
}

/** What is not exact, what is missing, and where the whole list stands. */
export function closingLines(manifest: Manifest): string[] {
  const exact = [...manifest.databases, ...manifest.roots].flatMap((section) =>
    section.exactness.map((line) => `     ${section.name}: ${line.what}: ${line.why}`),
  )
  const gaps = `GAPS: ${manifest.gaps.count} things are not in this backup as they should be. manifest.json names them.`
  return [
    ...(exact.length > 0 ? ['What will not be exactly as it was, and why:', '', ...exact, ''] : []),
    ...(manifest.gaps.count > 0 ? [gaps, ''] : []),
    'manifest.json says what is in this backup: every table with its rows and hash, every root with its counts.',
    '',
  ]
}
