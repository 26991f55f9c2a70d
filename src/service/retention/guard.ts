import { Fault } from '#base/fault.ts'
import type { ListedBackup } from '#service/backups/backups.store.ts'
import type { Tx } from '#service/catalog/scope.ts'
import { covers } from '#service/holds/hold.ts'
import { activeHolds } from '#service/holds/holds.store.ts'
import type { House } from '#service/house.ts'
import { assertTrustedTime } from './clock.ts'
import { minimumUntil } from './decide.ts'
import { reasonToKeep } from './evaluate.ts'
import { policyInForce } from './policies.ts'

/** RETENTION_HELD, RETENTION_MINIMUM: what nobody deletes, by hand or by policy. The row is locked by whoever asks. */
export async function assertMayGo({ clock }: Pick<House, 'clock'>, tx: Tx, row: ListedBackup): Promise<void> {
  const backup = { id: row.id, systemName: row.system_name, createdAt: row.created_at }
  const held = (await activeHolds(tx, row.tenant_id)).filter((hold) => covers(hold, backup))
  if (held.length > 0) {
    const references = held.map(({ reference }) => reference).join(', ')
    throw new Fault('RETENTION_HELD', `backup ${row.id} is under the legal hold ${references}`, {
      holds: held.map(({ id }) => id).join(' '),
    })
  }
  // What failed or was lost has no bytes that anybody must keep.
  if (row.snapshot === null || row.missing_at !== null) return
  const { policy } = await policyInForce(tx, { tenantId: row.tenant_id, systemId: row.system_id })
  const until = minimumUntil(backup, policy)
  if (policy.minimumDays > 0 && until > clock.now())
    throw new Fault('RETENTION_MINIMUM', `backup ${row.id} is of the class ${policy.recordClass}: it stays until ${until.toISOString()}`, {
      until: until.toISOString(),
    })
}

/**
 * Asked once more by the job that removes it, with the row locked: RETENTION_HELD, RETENTION_MINIMUM, RETENTION_CLOCK,
 * RETENTION_KEPT when the policy that deleted it keeps it by now.
 */
export async function assertStillGoes(house: House, tx: Tx, row: ListedBackup): Promise<void> {
  if (row.deleted_at === null) throw new Fault('RETENTION_KEPT', `the deletion of backup ${row.id} was taken back`)
  await assertTrustedTime(house, tx)
  await assertMayGo(house, tx, row)
  if (row.deleted_under === null || row.system_id === null) return
  const reason = await reasonToKeep(house, tx, { id: row.id, systemId: row.system_id, tenantId: row.tenant_id })
  if (reason !== undefined) throw new Fault('RETENTION_KEPT', `the policy keeps backup ${row.id} by now: ${reason}`)
}
