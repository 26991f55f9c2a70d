import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { isUuid } from '#base/ids.ts'
import { releaseChangeSet } from '#engine/entities/apply-change-set.ts'
import { changeFolder, isUnfinishedChange, listChangeStates, type ChangeState } from '#engine/entities/change-journal.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { everything, within } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { plannedFolderOf, plannedFolders } from './record-folders.ts'
import { stateDirectoryOf } from './restores.ts'
import { neededPlans, pastRecordRestores, updateRestore, type StoredRestore } from './restores.store.ts'

/**
 * Rows of people are kept as long as somebody may need them, and no longer (45 CFR 164.502(b), minimum necessary): those of a plan until
 * it has expired or its restore has ended, those of a restore until it was undone or cannot be any more.
 */
export async function removeKeptRows(house: House): Promise<void> {
  await removePlanned(house)
  const stateDirectory = stateDirectoryOf(house)
  const withRows = (await listChangeStates(stateDirectory)).filter((state) => !isUnfinishedChange(state) && hasRows(stateDirectory, state))
  const past = { withRows: withRows.map(({ restore }) => restore), now: house.clock.now() }
  for (const row of await house.catalog.as(everything, (tx) => pastRecordRestores(tx, past))) await letGo(house, row)
}

function hasRows(stateDirectory: string, { restore }: Pick<ChangeState, 'restore'>): boolean {
  return existsSync(path.join(changeFolder(stateDirectory, restore), 'rows'))
}

async function removePlanned(house: House): Promise<void> {
  const folder = plannedFolders(house)
  if (!existsSync(folder)) return
  const ids = (await readdir(folder)).filter(isUuid)
  const now = house.clock.now()
  const needed = await house.catalog.as(everything, (tx) => neededPlans(tx, ids, now))
  for (const id of ids) if (!needed.has(id)) await rm(plannedFolderOf(house, id), { recursive: true, force: true })
}

/** What was cut off between the files and the catalog is done again. */
async function letGo(house: House, row: StoredRestore): Promise<void> {
  const stateDirectory = stateDirectoryOf(house)
  if (hasRows(stateDirectory, { restore: row.id })) await releaseChangeSet(row.id, { stateDirectory, confirmed: row.system_name })
  const at = house.clock.now()
  await house.catalog.as(within(row.tenant_id), async (tx) => {
    if (row.undo_until !== null && row.undone_at === null) await updateRestore(tx, row.id, { released_at: at })
    await recordSystemEvent(tx, house, {
      action: 'restore.rows-removed',
      tenantId: row.tenant_id,
      subject: { kind: 'restore', id: row.id, name: row.system_name },
      facts: { status: row.status, wasUndone: row.undone_at !== null },
    })
  })
}
