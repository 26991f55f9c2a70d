import type { BackupId } from '#base/ids.ts'
import type { Selection } from '#base/selection.ts'
import type { SystemSettings } from '#base/settings.ts'
import { backup } from '#engine/backup/backup.ts'
import { selectionOrder } from '#engine/entities/select-rows.ts'
import { maskKeyOf } from '#engine/repository/mask-key.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import { factsOf, type StoredFacts } from '#service/backups/summary.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobInstruments, madeByEarlierAttempt } from './job-backup.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'

export interface BackupInput {
  readonly id: string
  readonly system: string
  readonly name: string
  readonly description?: string | undefined
  readonly repository: RepositoryPlace
  readonly databases: readonly { readonly name: string; readonly target: DatabaseTarget }[]
  readonly roots: readonly { readonly name: string; readonly path: string }[]
  readonly settings: SystemSettings
  readonly compressionLevel: number
  readonly selection?: Selection | undefined
  readonly isMasked?: boolean
  readonly cacheDirectory: string
}

export async function work(input: BackupInput, tools: WorkTools): Promise<StoredFacts> {
  const { id, repository: place, selection, isMasked, cacheDirectory, ...order } = input
  await using repository = await jobRepository(place, tools)
  const made = await madeByEarlierAttempt(repository, id, tools)
  if (made) return factsOf({ snapshot: made.backup.snapshot.id, checksum: made.checksum, manifest: made.manifest }, null)
  const wanted = selection && selectionOrder(selection, order.settings)
  const masking = isMasked ? ({ key: maskKeyOf(repository, order.system), keyedBy: 'repository' } as const) : undefined
  const asked = { ...order, masking, selection: wanted, id: id as BackupId, purpose: 'regular' } as const
  const cache = { directory: cacheDirectory, onTrouble: (detail: string) => tools.log(detail, 'warning') }
  const result = await backup(repository, asked, { ...jobInstruments(tools), cache }, tools.signal)
  return factsOf(result, result.statistics.storedBytes)
}
