import { closingLines, databaseLines } from '#engine/backup/readme.ts'
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
  lines.push(
    ...databaseLines(manifest, 3, ['   globals.sql, schema.sql and data/ are plain SQL and COPY text, to be read without any of that.']),
  )
  if (manifest.roots.length > 0) {
    lines.push('4. Put the files back. They stand below files/:', '')
    for (const root of manifest.roots) {
      lines.push(`     files/${root.name}   was ${JSON.stringify(root.path)}: ${root.files} files, ${root.bytes} bytes`, '')
    }
  }
  lines.push(...closingLines(manifest))
  return lines.join('\n')
}
