import type { FastifyInstance } from 'fastify'
import { durations } from '#base/units.ts'
import { everything } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { startTicker } from '#service/ticker.ts'
import { lockCopies, repositoriesWithoutCopy } from './self-backup.store.ts'

const copyEveryMs = durations.day
const lookEveryMs = 10 * durations.minute

/** No endpoints: the catalog is copied by itself, and a command takes a copy back in. */
export function addSelfBackup(app: FastifyInstance, house: House): void {
  const ticker = startTicker(house, { name: 'copying the catalog', everyMs: lookEveryMs }, () => enqueueCatalogCopies(house))
  app.addHook('onClose', () => ticker[Symbol.asyncDispose]())
}

/** A job for each repository without a copy of today. Returns how many. */
export async function enqueueCatalogCopies({ catalog, clock, queue }: House): Promise<number> {
  return await catalog.as(everything, async (tx) => {
    await lockCopies(tx)
    const due = await repositoriesWithoutCopy(tx, new Date(clock.now().getTime() - copyEveryMs))
    for (const { id, tenant_id: tenantId, name } of due)
      await queue.add(tx, {
        kind: 'catalog-copy',
        tenantId,
        systemId: null,
        repositoryId: id,
        subjectId: null,
        title: `The catalog into ${name}`,
        order: {},
        createdBy: { id: null, name: 'Integrum' },
        lane: id,
      })
    return due.length
  })
}
