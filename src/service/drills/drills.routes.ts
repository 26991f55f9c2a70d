import type { FastifyInstance } from 'fastify'
import { Fault } from '#base/fault.ts'
import { systemSettingsSchema } from '#base/settings.ts'
import { durations } from '#base/units.ts'
import { drills } from '#contract/drills.ts'
import { knownBackup, makerOf } from '#service/backups/backups.ts'
import type { House } from '#service/house.ts'
import { sent, serve } from '#service/http/gate.ts'
import { activeSystem, knownSystem } from '#service/systems/systems.ts'
import { startTicker } from '#service/ticker.ts'
import { policyView, raiseOverdueDrills, runDueDrills, setDrillPolicy } from './drill-policies.ts'
import { findDrillPolicy } from './drill-policies.store.ts'
import { trendOf } from './drill-trend.ts'
import { drillTimes, findDrillRow, listDrillRows } from './drills.store.ts'
import { beginDrill, drillDetails, drillView, knownDrill, listedDrill, objectiveMsOf } from './drills.ts'

const drillsEveryMs = 5 * durations.second
const overdueEveryMs = durations.hour

export function addDrills(app: FastifyInstance, house: House): void {
  serve(app, house, drills.start, ({ body, caller, act }) =>
    act(async (tx) => {
      const backup = await knownBackup(tx, body.backupId)
      const { id, runId } = await beginDrill(house, tx, { backup, cause: 'by-hand', by: makerOf(caller) })
      const subject = { kind: 'backup', id: backup.id, name: backup.name }
      return { reply: { drillId: id, runId }, tenantId: backup.tenant_id, subject, facts: { drill: id, runId } }
    }),
  )
  serve(app, house, drills.list, async ({ query, read }) => {
    const { rows, total } = await read((tx) => listDrillRows(tx, query))
    return { rows: rows.map(drillView), total, page: query.page, pageSize: query.pageSize }
  })
  serve(app, house, drills.details, ({ params, read }) =>
    read(async (tx) => drillDetails(await listedDrill(tx, params.id), (await findDrillRow(tx, params.id))?.report ?? null)),
  )
  addReport(app, house)
  addPolicies(app, house)
  const tickers = [
    startTicker(house, { name: 'beginning drills that are due', everyMs: drillsEveryMs }, () => runDueDrills(house)),
    startTicker(house, { name: 'looking for overdue drills', everyMs: overdueEveryMs, isAtOnce: true }, () => raiseOverdueDrills(house)),
  ]
  app.addHook('onClose', async () => {
    for (const ticker of tickers) await ticker[Symbol.asyncDispose]()
  })
}

function addReport(app: FastifyInstance, house: House): void {
  serve(app, house, drills.report, async ({ params, act, wire }) => {
    const report = await act(async (tx) => {
      const { id, tenant_id: tenantId, report: text } = await knownDrill(tx, params.id)
      if (text === null) throw new Fault('DRILL_NO_REPORT', `drill ${id} has no report`)
      return { reply: text, tenantId, subject: { kind: 'drill', id } }
    })
    void wire.reply.type('application/json').header('content-disposition', `attachment; filename="drill-${params.id}.json"`).send(report)
    return sent
  })
  serve(app, house, drills.trend, ({ params, read }) =>
    read(async (tx) => {
      const { id, settings } = await knownSystem(tx, params.id)
      return trendOf(await drillTimes(tx, id), objectiveMsOf(systemSettingsSchema.parse(settings)))
    }),
  )
}

function addPolicies(app: FastifyInstance, house: House): void {
  serve(app, house, drills.policy, ({ params, read }) =>
    read(async (tx) => {
      const policy = await findDrillPolicy(tx, (await knownSystem(tx, params.id)).id)
      return { policy: policy ? policyView(policy) : null }
    }),
  )
  serve(app, house, drills.setPolicy, ({ params, body, act }) =>
    act(async (tx) => {
      const system = await activeSystem(tx, params.id)
      const { before, after } = await setDrillPolicy(house, tx, { system, policy: body })
      return {
        reply: { policy: policyView(after) },
        tenantId: system.tenant_id,
        subject: { kind: 'system', id: system.id, name: system.name },
        before: before ? policyView(before) : null,
        after: policyView(after),
      }
    }),
  )
}
