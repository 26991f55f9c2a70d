import path from 'node:path'
import { userInfo } from 'node:os'
import { productVersion } from '#host/version.ts'
import { replaceDurably } from '#host/durable.ts'
import { restoreFolder, type JournalState } from './journal.ts'
import type { Sanitization } from '#engine/masking/sanitization.ts'
import type { RestorePlan } from './plan.ts'

export interface ReceiptOf {
  readonly plan: RestorePlan
  readonly state: JournalState
  readonly at: Date
  /** Of a masked backup: which columns of it are, and what it is a copy of. */
  readonly masks?: Sanitization | undefined
}

/** DESIGN §5.7: what was restored, by whom, with what result. Beside the journal, never in the restored database. */
export async function writeReceipt(stateDirectory: string, { plan, state, at, masks }: ReceiptOf): Promise<void> {
  const receipt = {
    format: 1,
    version: productVersion(),
    restore: state.restore,
    at: at.toISOString(),
    actor: userInfo().username,
    signature: 'unsigned',
    system: state.system,
    backup: {
      id: plan.backup,
      name: plan.backupName,
      at: plan.backupAt,
      manifestChecksum: plan.manifestChecksum,
      repositoryId: plan.repositoryId,
    },
    planDigest: plan.digest,
    ...(masks && { masks }),
    loss: { asOf: plan.createdAt, statements: plan.loss, rowsWrittenMeanwhile: state.rowsWrittenMeanwhile },
    safetyBackup: state.safetyBackup,
    reasonWithoutSafetyBackup: state.reason,
    verified: state.verified,
    notRestored: state.notRestored,
    notes: state.notes,
    swappedAt: state.swappedAt,
    unreachableMs: state.unreachableMs,
    undoUntil: state.undoUntil,
  }
  await replaceDurably(path.join(restoreFolder(stateDirectory, state.restore), 'receipt.json'), `${JSON.stringify(receipt, null, 2)}\n`)
}
