import { unreachable } from '#base/unreachable.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { headName } from './archive-document.ts'
import type { ArchiveFile } from './archive-file.ts'
import { importArchive, type ImportedBackup, type Importing } from './import-archive.ts'
import { importDump } from './import-dump.ts'
import { importTar } from './import-tar.ts'
import { readTar } from './tar-reader.ts'

/** Makes a backup of whatever can be imported: a portable archive of ours, a dump of pg_dump, a tar of files. */
export async function importFile(repository: Repository, importing: Importing, signal: AbortSignal): Promise<ImportedBackup> {
  const { kind } = importing.file
  switch (kind) {
    case 'text':
      return await importDump(repository, { ...importing, format: 'plain' }, signal)
    case 'custom dump':
      return await importDump(repository, { ...importing, format: 'custom' }, signal)
    case 'directory dump':
      return await importDump(repository, { ...importing, format: 'directory' }, signal)
    case 'tar': {
      const first = await firstName(importing.file, signal)
      if (first === headName) return await importArchive(repository, importing, signal)
      // pg_backup_tar.c: the table of contents comes first.
      if (first === 'toc.dat') return await importDump(repository, { ...importing, format: 'tar' }, signal)
      return await importTar(repository, importing, signal)
    }
    default:
      return unreachable(kind)
  }
}

async function firstName(file: ArchiveFile, signal: AbortSignal): Promise<string | undefined> {
  for await (const { path } of readTar(file.bytes(signal))) return path
  return undefined
}
