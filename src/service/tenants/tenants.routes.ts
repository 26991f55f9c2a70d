import type { FastifyInstance } from 'fastify'
import { tenants } from '#contract/tenants.ts'
import { boundsOf } from '#service/catalog/page.ts'
import { serve } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { createTenant, knownTenant, openTenant, tenantInUse, viewOf } from './tenants.ts'
import { listTenants, renameTenant, retireTenant, systemsOf } from './tenants.store.ts'

export function addTenants(app: FastifyInstance, house: House): void {
  serve(app, house, tenants.list, async ({ query, read }) => {
    const { page, pageSize, retired } = query
    const { rows, total } = await read((tx) => listTenants(tx, { withRetired: retired === 'true', ...boundsOf(query) }))
    return { rows: rows.map(viewOf), total, page, pageSize }
  })
  serve(app, house, tenants.details, async ({ params, read }) => viewOf(await read((tx) => knownTenant(tx, params.id))))
  serve(app, house, tenants.create, ({ body, act }) =>
    act(async (tx) => {
      const row = await createTenant(tx, { id: house.random.uuid(), ...body, at: house.clock.now() })
      return { reply: viewOf(row), tenantId: row.id, subject: subjectOf(row), after: body }
    }),
  )
  serve(app, house, tenants.edit, ({ params, body, act }) =>
    act(async (tx) => {
      const before = await openTenant(tx, params.id)
      await renameTenant(tx, before.id, body.title)
      const reply = viewOf({ ...before, title: body.title })
      return { reply, tenantId: before.id, subject: subjectOf(before), before: { title: before.title }, after: body }
    }),
  )
  serve(app, house, tenants.retire, ({ params, body, act }) =>
    act(async (tx) => {
      const before = await openTenant(tx, params.id)
      const systems = await systemsOf(tx, before.id)
      if (systems.length > 0) throw tenantInUse(before, systems)
      const retiredAt = house.clock.now()
      await retireTenant(tx, before.id, retiredAt)
      return { reply: viewOf({ ...before, retiredAt }), tenantId: before.id, subject: subjectOf(before), reason: body.reason }
    }),
  )
}

function subjectOf({ id, name }: { readonly id: string; readonly name: string }) {
  return { kind: 'tenant', id, name }
}
