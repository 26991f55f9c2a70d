import { raiseAlert, settleAlert } from '#service/alerts/alerts.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { keepPredecessors } from './alarm-holds.store.ts'
import type { ListedBackup } from './backups.store.ts'

type Type = ListedBackup['type']

/** What a good backup of a type makes up for: a full one holds what the others would. */
const coveredBy: Readonly<Record<Type, readonly Type[]>> = {
  full: ['full', 'database', 'files'],
  database: ['database'],
  files: ['files'],
  masked: ['masked'],
  entity: ['entity'],
}

/** Of a system and a type there is one alert, whatever becomes of its next backups. What a fault quotes stays in the house. */
export async function alertOfBackup(house: House, tx: Tx, row: ListedBackup): Promise<void> {
  const what = `the ${row.type} backup of ${row.system_name}`
  const told = {
    tenantId: row.tenant_id,
    systemId: row.system_id,
    concerns: concernsOf(row, row.type),
    subject: { kind: 'backup', id: row.id, name: row.name },
  }
  if (row.status === 'cancelled') return
  if (row.fault !== null) {
    const { code, hint } = row.fault
    // `space-out` tells of it already.
    if (code === 'BACKUP_SPACE') return
    const facts = { code, backupId: row.id, runId: row.run_id }
    return await raiseAlert(house, tx, { ...told, kind: 'backup-failed', fact: `${what} failed: ${code}`, hint, facts })
  }
  const because = `${what} was completed`
  for (const type of coveredBy[row.type]) {
    const concerns = concernsOf(row, type)
    await settleAlert(house, tx, { kind: 'backup-failed', concerns, because })
    if (row.gap_count === 0) await settleAlert(house, tx, { kind: 'backup-gaps', concerns, because: `${because} without gaps` })
  }
  if (row.gap_count === 0) return
  await raiseAlert(house, tx, {
    ...told,
    kind: 'backup-gaps',
    fact: `${what} was completed, but for ${row.gap_count === 1 ? 'one thing' : `${row.gap_count} things`}`,
    hint: 'Look at the gaps of the backup: each names what is not in it, and why.',
    facts: { gaps: row.gap_count, backupId: row.id },
  })
}

function concernsOf({ system_id: systemId, system_name: name }: ListedBackup, type: Type): string {
  return `${systemId ?? name}:${type}`
}

type Verified = Pick<ListedBackup, 'id' | 'tenant_id' | 'system_id' | 'system_name' | 'type' | 'name' | 'created_at'>

/** Damage of a backup stays an alert until it is read whole again, or removed; so long those before it are kept. */
export async function alertOfDamage(house: House, tx: Tx, { row, code }: { readonly row: Verified; readonly code: string }): Promise<void> {
  await raiseAlert(house, tx, {
    kind: 'verification-failed',
    tenantId: row.tenant_id,
    systemId: row.system_id,
    concerns: row.id,
    subject: { kind: 'backup', id: row.id, name: row.name },
    fact: `the ${row.type} backup of ${row.system_name} made at ${row.created_at.toISOString()} is damaged: ${code}`,
    hint: 'Make a new backup now, then check the repository: other backups may share what is damaged. Those before it are kept until this is settled.',
    facts: { code },
  })
  if (row.system_id !== null) await keepPredecessors(tx, row.system_id)
}

export async function settleDamage(
  house: House,
  tx: Tx,
  { id, because }: { readonly id: string; readonly because: string },
): Promise<void> {
  await settleAlert(house, tx, { kind: 'verification-failed', concerns: id, because })
}
