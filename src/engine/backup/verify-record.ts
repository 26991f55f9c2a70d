import type { Instruments } from './order.ts'
import { productVersion } from '#host/version.ts'
import { limits } from '#base/limits.ts'
import type { SnapshotId } from '#base/ids.ts'
import { owner } from '#engine/repository/owner.ts'
import { signProof } from '#engine/repository/proof-key.ts'
import { recordProof } from '#engine/repository/proofs.ts'
import type { Repository } from '#engine/repository/repository.ts'
import type { OpenedBackup } from './backups.ts'
import type { BackupVerification } from './verify-backup.ts'

/** Keeps what a verify found out as a signed record, so that the backup counts as intact, or as failed, from now on. */
export async function recordVerification(
  repository: Repository,
  { opened, verified }: { readonly opened: OpenedBackup; readonly verified: BackupVerification },
  { clock, random }: Pick<Instruments, 'clock' | 'random'>,
  signal?: AbortSignal,
): Promise<SnapshotId> {
  const { backup, checksum, manifest } = opened
  const { isIntact, findings, ...counted } = verified
  const { hostname, username } = owner()
  const document = {
    format: 1 as const,
    kind: 'verify' as const,
    id: random.uuid(),
    repositoryId: repository.id,
    outcome: isIntact ? ('intact' as const) : ('failed' as const),
    isBackupAtFault: !isIntact,
    endedAt: clock.now().toISOString(),
    backup: {
      id: backup.id,
      system: backup.system,
      tree: backup.snapshot.tree,
      snapshot: backup.snapshot.id,
      name: manifest.name,
      manifestChecksum: checksum,
    },
    by: { user: username, hostname },
    versions: { integrum: productVersion(), node: process.version },
    ...counted,
    findings: findings.slice(0, limits.checkFindingsMax),
  }
  return await recordProof(repository, signProof(repository, document), signal)
}
