import { z } from 'zod'
import { Fault, isFault } from '#base/fault.ts'
import { backupTypes } from '#base/backup-types.ts'
import type { BackupId } from '#base/ids.ts'
import { Passphrase } from '#engine/archive/age.ts'
import { openArchiveFile } from '#engine/archive/archive-file.ts'
import { importFile } from '#engine/archive/import-file.ts'
import type { Manifest } from '#engine/backup/manifest.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { factsOf, storedFactsSchema } from '#service/backups/summary.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobInstruments, madeByEarlierAttempt, openedById } from './job-backup.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'

export interface ImportInput {
  readonly path: string
  readonly passphrase?: string | undefined
  readonly system: string
  readonly newBackupId: string
  readonly isAsNew: boolean
  readonly sourceName?: string | undefined
  readonly compressionLevel: number
  readonly repository: RepositoryPlace
}

export const importOutputSchema = storedFactsSchema.extend({
  id: z.uuid(),
  name: z.string(),
  type: z.enum(backupTypes),
  purpose: z.string(),
  startedAt: z.iso.datetime(),
})

type ImportOutput = z.infer<typeof importOutputSchema>

export async function work(input: ImportInput, tools: WorkTools): Promise<ImportOutput> {
  const { signal } = tools
  await using repository = await jobRepository(input.repository, tools)
  const made = await madeByEarlierAttempt(repository, input.newBackupId, tools)
  if (made) return outputOf({ id: made.backup.id, snapshot: made.backup.snapshot.id, checksum: made.checksum, manifest: made.manifest })
  await using file = await openArchiveFile(
    input.path,
    input.passphrase === undefined ? undefined : new Passphrase(input.passphrase),
    signal,
  )
  const order = {
    system: input.system,
    newId: input.newBackupId as BackupId,
    isAsNew: input.isAsNew,
    hasDevices: false,
    name: input.sourceName,
    compressionLevel: input.compressionLevel,
  }
  try {
    return outputOf(await importFile(repository, { file, order, instruments: jobInstruments(tools) }, signal))
  } catch (error) {
    return await takenInBefore(repository, error, tools)
  }
}

/** An archive keeps its own id: what an earlier attempt took in to its end is the result. */
async function takenInBefore(repository: Repository, error: unknown, { attempt, signal }: WorkTools): Promise<ImportOutput> {
  if (!isFault(error, 'BACKUP_EXISTS') || attempt === 1) throw error
  const id = error.facts['backup']
  if (typeof id !== 'string') throw new Fault('BACKUP_EXISTS', error.message, error.facts, { cause: error })
  const { backup, checksum, manifest } = await openedById(repository, id, signal)
  return outputOf({ id, snapshot: backup.snapshot.id, checksum, manifest })
}

function outputOf(made: {
  readonly id: string
  readonly snapshot: string
  readonly checksum: string
  readonly manifest: Manifest
}): ImportOutput {
  const { name, type, purpose, startedAt } = made.manifest
  return { ...factsOf(made, null), id: made.id, name, type, purpose, startedAt }
}
