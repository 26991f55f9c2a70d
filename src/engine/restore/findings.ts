import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { printBytes } from '#base/units.ts'
import type { RestorePlan } from './plan.ts'

/** What looking at one target says, before the parts are put together into a plan. */
export interface Findings<Planned> {
  readonly planned: Planned
  readonly space: readonly NeededSpace[]
  readonly loss: readonly string[]
  readonly warnings: readonly string[]
}

export interface NeededSpace {
  readonly place: string
  /** Places of one device share their free bytes; null = not known, so counted alone. */
  readonly deviceId: string | null
  readonly neededBytes: number
  readonly freeBytes: number | null
}

/** SAFETY rule 22: what is needed and a fifth more. */
export function withMargin(bytes: number): number {
  return Math.ceil(bytes * (1 + limits.stagingSpaceMargin))
}

/** Adds up what falls on one device. */
export function mergeSpace(needs: readonly NeededSpace[]): RestorePlan['space'] {
  const merged = new Map<string, RestorePlan['space'][number]>()
  for (const need of needs) {
    const key = need.deviceId ?? need.place
    const before = merged.get(key)
    merged.set(key, {
      place: before && !before.place.includes(need.place) ? `${before.place}, ${need.place}` : need.place,
      neededBytes: (before?.neededBytes ?? 0) + need.neededBytes,
      freeBytes: need.freeBytes,
    })
  }
  return [...merged.values()]
}

/** RESTORE_SPACE, RESTORE_SPACE_UNKNOWN: never begun where it may fill the live server's disks. */
export function assertSpace(space: RestorePlan['space']): void {
  for (const { place, neededBytes, freeBytes } of space) {
    if (freeBytes === null) {
      throw new Fault(
        'RESTORE_SPACE_UNKNOWN',
        `the free space at ${place} cannot be seen from here; ${printBytes(neededBytes)} are needed`,
        { place, neededBytes },
      )
    }
    if (freeBytes < neededBytes) {
      throw new Fault('RESTORE_SPACE', `${place} has ${printBytes(freeBytes)} free, the restore needs ${printBytes(neededBytes)}`, {
        place,
        freeBytes,
        neededBytes,
      })
    }
  }
}
