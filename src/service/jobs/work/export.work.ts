import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { parseCompression } from '#engine/archive/compression.ts'
import { exportArchive } from '#engine/archive/export-archive.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobInstruments, openedById } from './job-backup.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'

export interface ExportInput {
  readonly backupId: string
  readonly archiveId: string
  readonly format: 'tar' | 'tar.gz' | 'tar.zst'
  readonly passphrase?: string | undefined
  readonly folder: string
  readonly repository: RepositoryPlace
}

const count = z.number().int().nonnegative()

export const exportOutputSchema = z.object({ path: z.string(), sizeBytes: count, sha256: z.string(), files: count, contentBytes: count })

const compressions = { tar: 'none', 'tar.gz': 'gzip', 'tar.zst': 'zstd' } as const

export async function work(input: ExportInput, tools: WorkTools): Promise<z.infer<typeof exportOutputSchema>> {
  const { backupId, archiveId, format, passphrase, folder } = input
  for (const name of await readdir(folder)) {
    // Of an attempt that was cut off.
    if (name.startsWith(archiveId)) await rm(path.join(folder, name), { force: true })
  }
  await using repository = await jobRepository(input.repository, tools)
  const opened = await openedById(repository, backupId, tools.signal)
  const out = path.join(folder, `${archiveId}.${format}${passphrase === undefined ? '' : '.age'}`)
  const order = { compression: parseCompression(compressions[format]), passphrase, out }
  return await exportArchive(repository, opened, { order, instruments: jobInstruments(tools) }, tools.signal)
}
