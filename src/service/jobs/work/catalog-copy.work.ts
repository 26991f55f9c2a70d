import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { z } from 'zod'
import { catalogCopiesAmong, recordCatalogCopy, trimCatalogCopies } from '#engine/repository/catalog-copies.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'

export interface CatalogCopyInput {
  readonly repository: RepositoryPlace
  readonly installation: string
  readonly at: string
  readonly seal: string
  readonly files: readonly { readonly name: string; readonly path: string }[]
}

export const catalogCopyOutputSchema = z.object({
  snapshot: z.string(),
  at: z.string(),
  sizeBytes: z.number().int(),
  removed: z.number().int(),
})

export async function work(
  { repository: place, installation, at, seal, files }: CatalogCopyInput,
  tools: WorkTools,
): Promise<z.infer<typeof catalogCopyOutputSchema>> {
  const { signal } = tools
  try {
    await using repository = await jobRepository(place, tools)
    const copy = { installation, at: new Date(at), seal, files: files.map(({ name, path }) => ({ name, bytes: createReadStream(path) })) }
    const { snapshot, sizeBytes } = await recordCatalogCopy(repository, copy, signal)
    const removed = await trimCatalogCopies(repository, installation, signal)
    const kept = catalogCopiesAmong(await repository.snapshots(signal)).filter((one) => one.installation === installation)
    tools.log(`the repository keeps ${kept.length} copies of the catalog`)
    return { snapshot, at, sizeBytes, removed }
  } finally {
    for (const { path } of files) await rm(path, { force: true })
  }
}
