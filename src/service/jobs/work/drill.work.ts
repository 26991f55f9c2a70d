import { z } from 'zod'
import { isFault, type Fault } from '#base/fault.ts'
import type { SystemSettings } from '#base/settings.ts'
import { findBackup } from '#engine/backup/backups.ts'
import type { Signed } from '#engine/repository/proof-key.ts'
import { recordProof } from '#engine/repository/proofs.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { defaultDrillParent, removeLeftDrills } from '#engine/restore/drill-place.ts'
import { drill } from '#engine/restore/drill.ts'
import type { DrillReport } from '#engine/restore/drill-report.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobInstruments, standingNow } from './job-backup.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'

export interface DrillInput {
  /** Of the backup. */
  readonly backup: string
  readonly repository: RepositoryPlace
  readonly settings: SystemSettings
  readonly stateDirectory: string
}

export const drillOutputSchema = z.object({
  /** Signed, to the byte. */
  report: z.string(),
  outcome: z.enum(['proven', 'failed']),
  /** By all proofs of the backup, this one included. */
  standing: z.enum(['unverified', 'intact', 'proven', 'failed']),
  standingAt: z.iso.datetime().nullable(),
})

/** A backup that cannot be restored is a report as well; it rejects when nothing was found out. */
export async function work(
  { backup: id, repository: place, settings, stateDirectory }: DrillInput,
  tools: WorkTools,
): Promise<z.infer<typeof drillOutputSchema>> {
  const { signal, log } = tools
  const instruments = jobInstruments(tools)
  for (const { drill: left, directory } of await removeLeftDrills(stateDirectory, instruments.clock))
    log(`removed what drill ${left} left in ${directory}`, 'warning')
  const onDamagedIndex = ({ message }: Fault) => log(`damaged: ${message}`, 'error')
  await using repository = await jobRepository(place, tools, { onDamagedIndex })
  const backup = await findBackup(repository, id, { now: instruments.clock.now() }, signal)
  const order = { backup, settings, place: defaultDrillParent(), stateDirectory }
  const report = await drill(repository, order, instruments, signal)
  if (report.fault) log(`${report.fault.code}: ${report.fault.fact}`, 'error')
  await keep(repository, report, tools)
  return { report: `${JSON.stringify(report, null, 2)}\n`, outcome: report.outcome, ...(await standingNow(repository, id, signal)) }
}

/** A failure is told whether or not there is room for it; that something is proven has to be on record. */
async function keep(repository: Repository, report: Signed<DrillReport>, { signal, log }: WorkTools): Promise<void> {
  try {
    await recordProof(repository, report, signal)
  } catch (error) {
    if (!isFault(error) || !report.fault) throw error
    log(`the report is not kept in the repository: ${error.message}`, 'error')
  }
}
