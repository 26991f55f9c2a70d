import type { Manifest } from '#engine/backup/manifest.ts'

/** `README.txt` of a portable archive: how to check it and bring it back with Debian's programs, and nothing of ours. */
export function printArchiveReadme(manifest: Manifest): string {
  const lines = [
    `This is backup ${manifest.backup}`,
    `of the system "${manifest.system}", begun ${manifest.startedAt} on ${manifest.hostname}, as a portable archive.`,
    '',
    'It can be restored without Integrum, with tar, gzip or zstd, age and the client tools of PostgreSQL alone.',
    '`integrum import FILE --system NAME` makes it a backup of a repository again.',
    '',
    '1. Unpack it, as root so that owners, devices and all attributes come back. age asks for the passphrase:',
    '',
    '     age --decrypt ARCHIVE.tar.zst.age | zstd --decompress |',
    "       tar --extract --numeric-owner --xattrs --xattrs-include='*' --directory DIRECTORY",
    '',
    '   Access lists are among the attributes, so --acls is not needed. Leave out age where the name does not end in .age;',
    '   use gzip for .gz, and neither for .tar.',
    '',
    '2. Check it. archive-end.json is the last thing in the archive: without it the archive was cut off.',
    '',
    '     cd DIRECTORY && sha256sum --check --quiet SHA256SUMS',
    '',
    '   It also names the SHA-256 of the first `bytes` bytes of the tar, owners and times included.',
    '',
  ]
  if (manifest.databases.length > 0) {
    lines.push(
      '3. Load the databases. Each folder below database/ has a script that checks the files, creates the database when',
      '   it is missing, loads it with psql and pg_restore, and counts the rows. It refuses a database that is not empty.',
      '   Where to connect comes from PGHOST, PGPORT and PGUSER; the user should be a superuser.',
      '   globals.sql, schema.sql and data/ are plain SQL and COPY text, to be read without any of that.',
      '',
    )
    for (const database of manifest.databases) {
      lines.push(
        `     cd DIRECTORY/database/${database.name} && sh restore.sh [NEW_NAME]`,
        `       PostgreSQL ${database.serverVersion.text}, ${database.tables.length} tables, ${database.rows} rows, as of ${database.instant}`,
        '',
      )
    }
  }
  if (manifest.roots.length > 0) {
    lines.push('4. Put the files back. They stand below files/:', '')
    for (const root of manifest.roots) {
      lines.push(`     files/${root.name}   was ${JSON.stringify(root.path)}: ${root.files} files, ${root.bytes} bytes`, '')
    }
  }
  const exact = [...manifest.databases, ...manifest.roots].flatMap((section) =>
    section.exactness.map((line) => `     ${section.name}: ${line.what}: ${line.why}`),
  )
  if (exact.length > 0) lines.push('What will not be exactly as it was, and why:', '', ...exact, '')
  if (manifest.gaps.count > 0)
    lines.push(`GAPS: ${manifest.gaps.count} things are not in this backup as they should be. manifest.json names them.`, '')
  lines.push('manifest.json says what is in this backup: every table with its rows and hash, every root with its counts.', '')
  return lines.join('\n')
}
