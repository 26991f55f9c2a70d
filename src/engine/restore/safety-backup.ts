import { backup } from '#engine/backup/backup.ts'
import type { BackupOrder } from '#engine/backup/order.ts'
import type { Repository } from '#engine/repository/repository.ts'
import type { RestoreJournal } from './journal.ts'
import type { RestorePlan } from './plan.ts'
import type { RunOptions } from './order.ts'

/** What is live now, just before: everything that the restore replaces, in the system's own repository (SAFETY rule 12). */
export async function makeSafetyBackup(
  repository: Repository,
  { plan, journal }: { readonly plan: RestorePlan; readonly journal: RestoreJournal },
  { withoutSafetyBackup, compressionLevel, instruments }: Pick<RunOptions, 'withoutSafetyBackup' | 'compressionLevel' | 'instruments'>,
  signal: AbortSignal,
): Promise<void> {
  const databases = plan.databases
    .filter(({ record }) => record.liveOid !== null)
    .map(({ name, record }) => ({ name, target: record.live }))
  const roots = plan.roots.filter(({ record }) => record.live !== null).map(({ name, record }) => ({ name, path: record.path }))
  if (withoutSafetyBackup !== undefined || databases.length + roots.length === 0) return
  instruments.onProgress({ stage: 'safety backup' })
  const order: BackupOrder = {
    system: plan.system,
    description: `before restore ${plan.restore}`,
    purpose: 'safety',
    databases,
    roots,
    // Hooks of a backup would stop the application for longer than the swap does.
    settings: { ...plan.settings, hooks: {}, fileReferences: [] },
    compressionLevel,
  }
  const made = await backup(repository, order, instruments, signal)
  await journal.change({ safetyBackup: made.id })
}
