import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { verifyBackup } from '#engine/backup/verify-backup.ts'
import { recordVerification } from '#engine/backup/verify-record.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobInstruments, openedById, standingNow } from './job-backup.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'

export interface VerifyInput {
  readonly id: string
  readonly isQuick: boolean
  readonly repository: RepositoryPlace
}

const count = z.number().int().nonnegative()

export const verifyOutputSchema = z.object({
  isQuick: z.boolean(),
  tables: count,
  rows: count,
  files: count,
  bytes: count,
  /** By all proofs of the backup, this one included. */
  standing: z.enum(['unverified', 'intact', 'proven', 'failed']),
  standingAt: z.iso.datetime().nullable(),
})

/** DAMAGE_BACKUP when it is not what its manifest says; the signed record of that is in the repository by then. */
export async function work({ id, isQuick, repository: place }: VerifyInput, tools: WorkTools): Promise<z.infer<typeof verifyOutputSchema>> {
  const { signal, log } = tools
  const onDamagedIndex = ({ message }: Fault) => log(`damaged: ${message}`, 'error')
  await using repository = await jobRepository(place, tools, { onDamagedIndex })
  const opened = await openedById(repository, id, signal)
  const instruments = jobInstruments(tools)
  const verified = await verifyBackup(repository, opened, { isQuick, instruments }, signal)
  if (!isQuick) await recordVerification(repository, { opened, verified }, instruments, signal)
  if (!verified.isIntact) {
    for (const [code, findings] of Map.groupBy(verified.findings, (finding) => finding.code))
      log(`${code}: ${findings.length} places, in ${[...new Set(findings.map(({ source }) => source))].join(', ')}`, 'error')
    throw new Fault('DAMAGE_BACKUP', `backup ${id} is damaged in ${verified.findings.length} places`, { backup: id })
  }
  const { isIntact: _, findings: _none, ...counted } = verified
  return { isQuick, ...counted, ...(await standingNow(repository, id, signal)) }
}
