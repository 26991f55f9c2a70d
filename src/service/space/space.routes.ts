import type { FastifyInstance } from 'fastify'
import { durations } from '#base/units.ts'
import { space } from '#contract/space.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { knownRepository } from '#service/repositories/repositories.ts'
import { startTicker } from '#service/ticker.ts'
import { countRepositories, repositoriesInUse, samplesOf } from './space.store.ts'
import { spaceEveryMs, spaceViews, watchSpace } from './space.ts'

export function addSpace(app: FastifyInstance, house: House): void {
  serve(app, house, space.list, async ({ query, read }) =>
    read(async (tx) => {
      const rows = await spaceViews(tx, await repositoriesInUse(tx, query), house.clock.now())
      return { rows, total: await countRepositories(tx), page: query.page, pageSize: query.pageSize }
    }),
  )
  serve(app, house, space.days, async ({ params, query, read }) =>
    read(async (tx) => {
      const now = house.clock.now()
      const row = await knownRepository(tx, params.id)
      const [view] = await spaceViews(tx, [row], now)
      const days = await samplesOf(tx, [row.id], new Date(now.getTime() - query.days * durations.day))
      return {
        ...view!,
        days: days.map((day) => ({
          at: day.at.toISOString(),
          storedBytes: day.stored_bytes,
          plainBytes: day.plain_bytes,
          freeBytes: day.free_bytes,
        })),
      }
    }),
  )
  const ticker = startTicker(house, { name: 'looking at the space of repositories', everyMs: spaceEveryMs }, () => watchSpace(house))
  app.addHook('onClose', () => ticker[Symbol.asyncDispose]())
}
