import { isFault } from '#base/fault.ts'
import type { PackId } from '#base/ids.ts'
import { marksFolder } from '#engine/storage/storage.ts'
import type { DocumentPlace } from './document.ts'
import { packIdIn } from './stored.ts'

/**
 * SAFETY rule 26: a pack that nothing needs is first marked, and deleted by a later prune when the grace period is over. A
 * mark is the file `prune-marks/<pack id>`; the storage's own time of that file begins the grace period. It stands in a folder of
 * ours, so that restic neither reads nor minds it, and it is only ever a hint: what is marked and needed is not deleted.
 */
export async function loadMarks(place: DocumentPlace, signal?: AbortSignal): Promise<Map<PackId, Date>> {
  const marks = new Map<PackId, Date>()
  for await (const file of place.storage.list(marksFolder, signal)) marks.set(packIdIn(file), file.modifiedAt)
  return marks
}

const text = Buffer.from('Integrum: no snapshot needs this pack. A later prune deletes it.\n', 'utf8')

export async function addMark(place: DocumentPlace, pack: PackId, signal?: AbortSignal): Promise<void> {
  try {
    await place.storage.put(`${marksFolder}/${pack}`, [text], signal)
  } catch (error) {
    // Marked by an earlier prune that was interrupted: the older mark stands.
    if (!isFault(error, 'STORAGE_EXISTS')) throw error
  }
}

export async function removeMark(place: DocumentPlace, pack: PackId, signal?: AbortSignal): Promise<void> {
  await place.storage.remove(`${marksFolder}/${pack}`, signal)
}
