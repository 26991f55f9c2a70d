import type { Repository } from '#engine/repository/repository.ts'
import { headName } from './archive-document.ts'
import { refusedFormat } from './archive-fault.ts'
import type { ArchiveFile } from './archive-file.ts'
import { importArchive, type ImportedBackup, type Importing } from './import-archive.ts'
import { readTar } from './tar-reader.ts'

/** Makes a backup of whatever can be imported: a portable archive of ours, or what another program wrote. */
export async function importFile(repository: Repository, importing: Importing, signal: AbortSignal): Promise<ImportedBackup> {
  const { file } = importing
  if (file.kind === 'tar' && (await firstName(file, signal)) === headName) return await importArchive(repository, importing, signal)
  throw refusedFormat(`${file.name} is no portable archive`)
}

async function firstName(file: ArchiveFile, signal: AbortSignal): Promise<string | undefined> {
  for await (const { path } of readTar(file.bytes(signal))) return path
  return undefined
}
