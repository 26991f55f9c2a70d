import type { Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Random } from '#host/random.ts'
import { openLocal } from './local.ts'
import { retrying } from './retrying.ts'
import type { Storage } from './storage.ts'
import { timed } from './timed.ts'

interface StorageDriver {
  /** Opens the place that stands behind `kind:`. Touches nothing yet. */
  open(place: string): Storage
}

// THE LIST: a new kind of storage is one file and one line here.
const drivers: Readonly<Record<string, StorageDriver>> = {
  local: { open: openLocal },
}

export const storageKinds: readonly string[] = Object.keys(drivers)

/**
 * Opens `local:/data/backups`, or plainly `/data/backups`, which means the same. A call without an answer is
 * ended; one that may succeed later is tried again. A path with a colon is written with its kind, or begins with `./` or `/`.
 */
export function openStorage(location: string, clock: Clock, random: Random): Storage {
  const [, kind, place] = /^([a-z][a-z0-9]*):(.*)$/s.exec(location) ?? [location, 'local', location]
  const driver = kind !== undefined && Object.hasOwn(drivers, kind) ? drivers[kind] : undefined
  if (!driver)
    throw new Fault('STORAGE_KIND', `there is no kind of storage ${kind}; known: ${storageKinds.join(', ')}`, { kind: kind ?? '' })
  if (!place) throw new Fault('STORAGE_KIND', 'the location of the storage is empty', { kind: kind ?? '' })
  return retrying(timed(driver.open(place), clock), clock, random)
}
