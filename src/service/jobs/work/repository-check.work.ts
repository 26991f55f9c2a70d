import { z } from 'zod'
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#host/random.ts'
import { isFault } from '#base/fault.ts'
import { checkRepository, type PackShare } from '#engine/repository/check.ts'
import { openRepository } from '#engine/repository/open.ts'
import { repositoryStatistics } from '#engine/repository/statistics.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { repositoryStateSchema } from '#contract/repositories.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobStorage, type RepositoryPlace } from './job-repository.ts'

export interface RepositoryCheckInput {
  readonly repository: RepositoryPlace
  readonly depth: 'quick' | 'full'
  /** Of a full check: read these packs alone. */
  readonly share?: PackShare | undefined
}

/** What the catalog takes over of it: the check, and the sizes where the repository could be opened. */
export const repositoryCheckOutputSchema = z.object({
  state: repositoryStateSchema.required({ lastCheck: true }),
  /** Of packs, read and hashed. */
  readBytes: z.number().int().nonnegative(),
})

const findingsKept = 20

export async function work(
  { repository: place, depth, share }: RepositoryCheckInput,
  tools: WorkTools,
): Promise<z.infer<typeof repositoryCheckOutputSchema>> {
  const storage = await jobStorage(place, tools)
  const { lockRecord, signal, onProgress } = tools
  const report = await checkRepository(
    { storage, password: place.password, clock: systemClock, lockRecord },
    { depth, share, onProgress: ({ stage, doneBytes, totalBytes }) => onProgress({ stage: `check ${stage}`, doneBytes, totalBytes }) },
    signal,
  )
  for (const { code, name, fact } of report.findings.slice(0, findingsKept)) tools.log(`${name}: ${code}: ${fact}`, 'error')
  const at = systemClock.now().toISOString()
  const { isIntact, findingCount, findings } = report
  const state = {
    seenAt: at,
    ...(await sizesOf(storage, place, tools)),
    freeBytes: (await storage.freeBytes(signal)) ?? null,
    lastCheck: {
      at,
      depth,
      ...(share && { share }),
      isIntact,
      findingCount,
      findings: findings.slice(0, findingsKept).map(({ code, name, fact }) => ({ code, name, fact })),
    },
  }
  return { state, readBytes: report.checked.packBytes }
}

/** Of one that is damaged too much to be opened nothing is known. */
async function sizesOf(storage: Storage, { password }: RepositoryPlace, { lockRecord, signal, log }: WorkTools) {
  try {
    await using repository = await openRepository(storage, password, { clock: systemClock, random: systemRandom, signal, lockRecord })
    const { storedBytes, plainBytes, snapshots, packs, compressionRatio } = await repositoryStatistics(repository, signal)
    return { storedBytes, plainBytes, snapshots, packs, compressionRatio }
  } catch (error) {
    if (!isFault(error) || !error.isDamage) throw error
    log(`its sizes are not known: ${error.message}`, 'warning')
    return {}
  }
}
