import type { FastifyInstance } from 'fastify'
import { durations } from '#base/units.ts'
import { adminAliases } from '#contract/admin-aliases.ts'
import type { BodyOf, Endpoint } from '#contract/endpoint.ts'
import { restores } from '#contract/restores.ts'
import type { House } from '#service/house.ts'
import { startTicker } from '#service/ticker.ts'
import { serve, type Call } from '#service/http/gate.ts'
import { personOf } from '#service/people/me.ts'
import { recordFacts, withoutRows } from './plan-requests.ts'
import { assertPlaces, beginPlan, knownPlan, planView } from './plans.ts'
import { removeKeptRows } from './kept-rows.ts'
import { executeRestore, approvePlan, signAfter } from './signed-acts.ts'
import { cancelRestore, knownRestore, restoreView } from './restores.ts'
import { listRestores } from './restores.store.ts'
import { validateRestore } from './validate.ts'

const keptRowsEveryMs = 10 * durations.minute

export function addRestores(app: FastifyInstance, house: House): void {
  const ticker = startTicker(house, { name: 'removing rows of records', everyMs: keptRowsEveryMs, isAtOnce: true }, () =>
    removeKeptRows(house),
  )
  app.addHook('onClose', () => ticker[Symbol.asyncDispose]())
  addReading(app, house)
  addPlanning(app, house)
  serve(app, house, restores.execute, (call) => executeRestore(house, call, call.body))
  serve(app, house, adminAliases.executeRestore, (call) => executeRestore(house, call, call.body))
  serve(app, house, restores.approve, (call) => approvePlan(house, call, { ...call.body, planId: call.params.id }))
  serve(app, house, restores.undo, (call) => {
    const { lossRowsMax, ...signed } = call.body
    return signAfter(house, call, { ...signed, kind: 'undo', of: call.params.id, order: { lossRowsMax } })
  })
  serve(app, house, restores.release, (call) => {
    const { withoutBackup, ...signed } = call.body
    return signAfter(house, call, { ...signed, kind: 'release', of: call.params.id, order: { withoutBackup: withoutBackup?.reason } })
  })
  serve(app, house, restores.cancel, (call) =>
    call.act(async (tx) => {
      const { userId, name } = personOf(call)
      const row = await cancelRestore(house, tx, { id: call.params.id, by: { id: userId, name } })
      return {
        reply: restoreView(row),
        tenantId: row.tenant_id,
        subject: { kind: 'restore', id: row.id, name: row.system_name },
        reason: call.body.reason,
      }
    }),
  )
}

function addReading(app: FastifyInstance, house: House): void {
  serve(app, house, restores.plan, ({ params, read }) => read(async (tx) => await planView(tx, await knownPlan(tx, params.id))))
  serve(app, house, restores.history, ({ query, read }) =>
    read(async (tx) => {
      const { rows, total } = await listRestores(tx, query)
      return { rows: rows.map(restoreView), total, page: query.page, pageSize: query.pageSize }
    }),
  )
  serve(app, house, restores.details, ({ params, read }) => read(async (tx) => restoreView(await knownRestore(tx, params.id))))
}

function addPlanning(app: FastifyInstance, house: House): void {
  serve(app, house, restores.preview, (call) => previewRestore(house, call, call.body))
  serve(app, house, adminAliases.previewRestore, (call) => previewRestore(house, call, call.body))
  serve(app, house, restores.validate, async ({ body, scope, signal, act }) => {
    const { test, backup } = await validateRestore(house, scope, { of: body, signal })
    return await act(async () => ({
      reply: test,
      tenantId: backup.tenant_id,
      subject: { kind: 'backup', id: backup.id, name: backup.name },
      facts: { result: test.result, planId: body.planId ?? null },
    }))
  })
}

async function previewRestore<E extends Endpoint>(house: House, call: Call<E>, request: BodyOf<typeof restores.preview>) {
  await assertPlaces(house, call.scope, request)
  const { userId, name } = personOf(call)
  return await call.act(async (tx) => {
    const { plan, runId } = await beginPlan(house, tx, { request, by: { id: userId, name } })
    const { databases, records, policy, ...rest } = request
    return {
      reply: { planId: plan.id, runId },
      tenantId: plan.tenantId,
      subject: { kind: 'restore-plan', id: plan.id, name: plan.systemName },
      // Without the passwords of databases elsewhere, and without the keys of people and of their rows.
      facts: {
        ...rest,
        databases: databases?.map((one) => ({ name: one.name, url: one.url ?? null })) ?? null,
        ...(records && { records: recordFacts(house, plan.systemId, records) }),
        ...(policy && { policy: { ...withoutRows(policy), rows: policy.rows.length } }),
        runId,
      },
    }
  })
}
