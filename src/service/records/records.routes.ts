import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { records } from '#contract/records.ts'
import { pageIn } from '#service/catalog/page.ts'
import type { House } from '#service/house.ts'
import { sent, serve } from '#service/http/gate.ts'
import { recordFacts } from '#service/restores/plan-requests.ts'
import { knownPlan } from '#service/restores/plans.ts'
import type { StoredPlan } from '#service/restores/restores.store.ts'
import { findRecord, kindsOf, tablesOf } from './live-records.ts'
import { documentOf } from './plan-document.ts'
import { filesOf, keysOf, rowsOf } from './planned-records.ts'

export function addRecords(app: FastifyInstance, house: House): void {
  serve(app, house, records.kinds, ({ params, scope, signal }) => kindsOf(house, scope, { id: params.id, signal }))
  serve(app, house, records.tables, async ({ params, query, scope, signal }) => {
    const typed = query.search?.toLowerCase()
    const tables = await tablesOf(house, scope, { id: params.id, signal })
    return pageIn(
      tables.filter(({ schema, table }) => typed === undefined || `${schema}.${table}`.toLowerCase().includes(typed)),
      query,
    )
  })
  serve(app, house, records.find, async ({ params, body, scope, signal, act, concerns }) => {
    const { database, ...wish } = body
    concerns({ facts: { records: recordFacts(house, params.id, [wish]) } })
    const { system, found } = await findRecord(house, scope, { id: params.id, wish, database, signal })
    return await act(async () => ({
      reply: found,
      tenantId: system.tenant_id,
      subject: { kind: 'system', id: system.id, name: system.name },
      facts: { records: recordFacts(house, system.id, [wish]), isThere: found.isThere, rows: found.own },
    }))
  })
  // Who looked at whose rows is written down (45 CFR 164.312(b)): the plan says whose they are.
  serve(app, house, records.change, async ({ params, read, act }) => {
    const plan = await read((tx) => knownPlan(tx, params.id))
    const reply = await keysOf(house, plan)
    return await act(async () => ({ reply, ...about(plan), facts: { records: recordFacts(house, plan.system_id, reply.records) } }))
  })
  serve(app, house, records.rows, async ({ params, query, read, act }) => {
    const plan = await read((tx) => knownPlan(tx, params.id))
    const { schema, table, part, after, limit } = query
    const reply = await rowsOf(house, plan, { schema, table, part, after, limit })
    return await act(async () => ({ reply, ...about(plan), facts: { table: `${schema}.${table}`, rows: reply.rows.length } }))
  })
  serve(app, house, records.files, async ({ params, query, read, act }) => {
    const plan = await read((tx) => knownPlan(tx, params.id))
    const { root, after, limit } = query
    const reply = await filesOf(house, plan, { root, after, limit })
    return await act(async () => ({ reply, ...about(plan), facts: { root, files: reply.files.length } }))
  })
  serve(app, house, records.document, async ({ params, read, act, wire }) => {
    const plan = await read((tx) => knownPlan(tx, params.id))
    const document = await documentOf(house, plan)
    await act(async () => ({ reply: null, ...about(plan), facts: { digest: plan.digest } }))
    void wire.reply
      .type('application/json')
      .header('content-disposition', `attachment; filename="restore-plan-${plan.id}.json"`)
      .send(Readable.from(document))
    return sent
  })
}

function about({ id, tenant_id: tenantId, system_name: name }: StoredPlan) {
  return { tenantId, subject: { kind: 'restore-plan', id, name } }
}
