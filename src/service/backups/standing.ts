import { recordSystemEvent } from '#service/audit/audit.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { FaultRecord } from '#service/catalog/tables.ts'
import type { House } from '#service/house.ts'
import { alertOfDamage, settleDamage } from './backup-alerts.ts'
import { lockedBackup } from './backups.ts'
import { updateBackup, type StoredBackup } from './backups.store.ts'

export type VerificationEnd =
  | {
      readonly kind: 'completed'
      readonly output: { readonly isQuick: boolean; readonly standing: StoredBackup['standing']; readonly standingAt: string | null }
    }
  | { readonly kind: 'failed'; readonly fault: FaultRecord }
  | { readonly kind: 'cancelled'; readonly by: string }

/** What a verification found. One that could not be carried out says nothing of the backup; damage does. */
export async function noteVerified(
  house: House,
  tx: Tx,
  { id, runId, outcome }: { readonly id: string; readonly runId: string; readonly outcome: VerificationEnd },
): Promise<void> {
  const before = await lockedBackup(tx, id)
  const now = standingAfter(house, outcome)
  if (now) await updateBackup(tx, id, { standing: now.standing, standing_at: now.at })
  if (now?.standing === 'failed') await alertOfDamage(house, tx, { row: before, code: codeOf(outcome) })
  // A quick one does not read what the damage may be in.
  else if (outcome.kind === 'completed' && !outcome.output.isQuick)
    await settleDamage(house, tx, { id, because: 'it was verified, and is whole' })
  await recordSystemEvent(tx, house, {
    action: outcome.kind === 'completed' ? 'backup.verified' : `backup.verification-${outcome.kind}`,
    tenantId: before.tenant_id,
    subject: { kind: 'backup', id, name: before.name },
    before: { standing: before.standing },
    after: { standing: now?.standing ?? before.standing },
    facts: { runId, ...(outcome.kind === 'failed' && { code: outcome.fault.code, fact: outcome.fault.fact }) },
  })
}

function standingAfter(house: House, outcome: VerificationEnd): { standing: StoredBackup['standing']; at: Date | null } | undefined {
  if (outcome.kind === 'completed') {
    const { standing, standingAt } = outcome.output
    return { standing, at: standingAt === null ? null : new Date(standingAt) }
  }
  if (outcome.kind === 'failed' && outcome.fault.code.startsWith('DAMAGE_')) return { standing: 'failed', at: house.clock.now() }
  return undefined
}

function codeOf(outcome: VerificationEnd): string {
  return outcome.kind === 'failed' ? outcome.fault.code : 'it was not whole'
}
