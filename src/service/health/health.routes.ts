import type { FastifyInstance } from 'fastify'
import { durations } from '#base/units.ts'
import { health } from '#contract/health.ts'
import { productVersion } from '#host/version.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { sent, serve } from '#service/http/gate.ts'
import { repositoriesInUse } from '#service/space/space.store.ts'
import { spaceViews } from '#service/space/space.ts'
import { activeSystem, knownSystem } from '#service/systems/systems.ts'
import { startTicker } from '#service/ticker.ts'
import { coverageEveryMs, lookAtCoverage, surroundingsOf } from './coverage.ts'
import { countSystems, knownSystems } from './health.store.ts'
import { healthOf, healthSummary, watchEveryMs, watchRecoveryPoints } from './health.ts'
import { endedRuns, hasRunningBackup } from './history.store.ts'
import { countedNow, tenantNames } from './metrics.store.ts'
import { printMetrics, type Measurements } from './metrics.ts'

export function addHealth(app: FastifyInstance, house: House): void {
  serve(app, house, health.summary, async ({ read }) => read((tx) => healthSummary(tx, house.clock.now())))
  serve(app, house, health.systems, async ({ query, read }) =>
    read(async (tx) => {
      const now = house.clock.now()
      const systems = await knownSystems(tx, { now, page: query })
      return { rows: systems.map((one) => healthOf(one, now)), total: await countSystems(tx), page: query.page, pageSize: query.pageSize }
    }),
  )
  addSystem(app, house)
  serve(app, house, health.metrics, async ({ read, wire }) => {
    const text = printMetrics(await read((tx) => measured(tx, house.clock.now())))
    void wire.reply.type(health.metrics.media!).send(text)
    return sent
  })
  const tickers = [
    startTicker(house, { name: 'watching the ages of backups', everyMs: watchEveryMs }, () => watchRecoveryPoints(house)),
    startTicker(house, { name: 'looking for what no backup has', everyMs: coverageEveryMs }, () => lookAtCoverage(house)),
  ]
  app.addHook('onClose', async () => {
    for (const ticker of tickers) await ticker[Symbol.asyncDispose]()
  })
}

function addSystem(app: FastifyInstance, house: House): void {
  serve(app, house, health.system, async ({ params, read, signal }) => {
    const now = house.clock.now()
    const { system, known, isCapturing } = await read(async (tx) => {
      const row = await activeSystem(tx, params.id)
      const [one] = await knownSystems(tx, { now, id: row.id })
      return { system: row, known: one!, isCapturing: await hasRunningBackup(tx, row.id) }
    })
    // Only while a backup goes on is there anything to see, and only then is the server of the application asked.
    const seen = isCapturing ? await surroundingsOf(house, system, signal) : []
    return {
      ...healthOf(known, now),
      captures: seen.map((one) => ({
        database: one.source,
        snapshotSeconds: 'fact' in one ? null : one.snapshotSeconds,
        fact: 'fact' in one ? one.fact : null,
      })),
    }
  })
  serve(app, house, health.history, async ({ params, query, read }) =>
    read(async (tx) => {
      const { page, pageSize, kind, days } = query
      const system = await knownSystem(tx, params.id)
      const since = new Date(house.clock.now().getTime() - days * durations.day)
      return { ...(await endedRuns(tx, { systemId: system.id, kind, since, page, pageSize })), page, pageSize }
    }),
  )
}

async function measured(tx: Tx, now: Date): Promise<Measurements> {
  const tenants = await tenantNames(tx)
  const named = <Row extends { readonly tenantId: string }>(row: Row) => ({ ...row, tenant: tenants.get(row.tenantId) ?? row.tenantId })
  const repositories = await spaceViews(tx, await repositoriesInUse(tx), now)
  return {
    version: productVersion(),
    systems: (await knownSystems(tx, { now })).map((one) => named(healthOf(one, now))),
    repositories: repositories.map(named),
    ...(await countedNow(tx, new Date(now.getTime() - durations.day))),
  }
}
