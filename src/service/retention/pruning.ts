import { durations } from '#base/units.ts'
import { everything } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { lockDuePrunes } from './pruning.store.ts'

export const pruningEveryMs = durations.hour
const againAfterMs = durations.day
/** What one prune marks, another deletes after the grace period; so long is looked for something to delete. */
const afterRemovalMs = 10 * durations.day

/** A job for each repository from which something was removed: once a day, however many services look. Returns how many. */
export async function enqueueDuePrunes({ catalog, clock, queue }: House): Promise<number> {
  return await catalog.as(everything, async (tx) => {
    const ago = (ms: number) => new Date(clock.now().getTime() - ms)
    const due = await lockDuePrunes(tx, { before: ago(againAfterMs), removedSince: ago(afterRemovalMs) })
    for (const { id, tenant_id: tenantId, name } of due)
      await queue.add(tx, {
        kind: 'prune',
        tenantId,
        systemId: null,
        repositoryId: id,
        subjectId: null,
        title: `giving back space of ${name}`,
        order: {},
        createdBy: { id: null, name: 'Integrum' },
        lane: id,
      })
    return due.length
  })
}
