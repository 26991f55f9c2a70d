import { systemClock } from '#base/clock.ts'
import { removeLeftDrills } from '#engine/restore/drill-place.ts'
import type { Output } from './output.ts'

/** What killed drills left is removed and named: by the next drill, and by `restore recover`. */
export async function nameLeftDrills(state: string, output: Output): Promise<number> {
  const left = await removeLeftDrills(state, systemClock)
  for (const { drill: id, directory, begunAt } of left) output.note(`removed what drill ${id} of ${begunAt} left in ${directory}`)
  return left.length
}
