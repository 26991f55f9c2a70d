import { existsSync } from 'node:fs'
import path from 'node:path'
import { Fault } from '#base/fault.ts'
import { changeFolder } from '#engine/entities/change-journal.ts'
import type { House } from '#service/house.ts'
import { stateDirectoryOf } from './restores.ts'

/** Of the change sets that were planned, one folder each, by the id of the plan: rows of people, for the owner of the service alone. */
export function plannedFolders({ config }: Pick<House, 'config'>): string {
  return path.join(config.dataDirectory, 'change-sets')
}

export function plannedFolderOf(house: Pick<House, 'config'>, planId: string): string {
  return path.join(plannedFolders(house), planId)
}

/** Where a change set is: as planned, or as the engine keeps it once it was begun. PLAN_EXPIRED when its rows were removed. */
export function changeFolderOf(house: Pick<House, 'config'>, planId: string): string {
  const places = [plannedFolderOf(house, planId), changeFolder(stateDirectoryOf(house), planId)]
  const found = places.find((place) => existsSync(path.join(place, 'rows')))
  if (found === undefined) throw new Fault('PLAN_EXPIRED', `the rows of plan ${planId} are not kept any more`)
  return found
}
