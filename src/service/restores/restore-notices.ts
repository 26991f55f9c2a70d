import { tell } from '#service/alerts/alerts.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { StoredRestore } from './restores.store.ts'

/** Whoever works with the system should know: its data goes back in time, and who wanted it. */
export async function tellBegun(house: House, tx: Tx, row: StoredRestore): Promise<void> {
  if (row.kind === 'release') return
  await tell(house, tx, {
    ...about(row),
    kind: 'restore-begun',
    fact: `${nameOf(row)} began, ordered by ${row.restored_by}`,
    hint: 'Unless you know of it, ask them; until it is live it can be cancelled.',
  })
}

export async function tellEnded(
  house: House,
  tx: Tx,
  { row, how }: { readonly row: StoredRestore; readonly how: 'completed' | 'completed_with_gaps' | 'cancelled' },
): Promise<void> {
  if (row.kind === 'release') return
  const end = {
    completed: 'was completed: what it brought back is live',
    completed_with_gaps: 'was completed with gaps: what it brought back is live, and its report names what is not',
    cancelled: 'was cancelled: the system is as it was',
  }[how]
  await tell(house, tx, {
    ...about(row),
    kind: 'restore-ended',
    fact: `${nameOf(row)} ${end}`,
    hint: 'Its report has the rest, and until when it can be undone.',
  })
}

/** What a fault quotes stays in the house. */
export async function tellFailed(
  house: House,
  tx: Tx,
  { row, code, hint }: { readonly row: StoredRestore; readonly code: string; readonly hint: string },
): Promise<void> {
  if (row.kind === 'release') return
  await tell(house, tx, { ...about(row), kind: 'restore-failed', fact: `${nameOf(row)} failed: ${code}`, hint, facts: { code } })
}

function nameOf({ kind, extent, system_name: system }: StoredRestore): string {
  const what = extent === 'records' ? `single records of ${system}` : system
  return kind === 'undo' ? `the undoing of a restore of ${what}` : `a restore of ${what}`
}

function about(row: StoredRestore) {
  return { tenantId: row.tenant_id, systemId: row.system_id, subject: { kind: 'restore', id: row.id, name: row.system_name } }
}
