import type { FastifyInstance } from 'fastify'
import { systems, type SystemTest } from '#contract/systems.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { tenantFor } from '#service/tenants/tenant-for.ts'
import { usableRepository } from '#service/repositories/repositories.ts'
import { changesBetween, summaryOf } from './system-changes.ts'
import { assertDraft, repositoryFor } from './draft.ts'
import { testSystem } from './system-test.ts'
import { listSystems, saveTest, type StoredSystem } from './systems.store.ts'
import {
  activeSystem,
  assertMaySetHooks,
  editSystem,
  knownSystem,
  passwordsOf,
  registerSystem,
  retireSystem,
  systemView,
  targetOf,
  viewOf,
} from './systems.ts'

export function addSystems(app: FastifyInstance, house: House): void {
  serve(app, house, systems.list, async ({ query, ...call }) =>
    call.read(async (tx) => {
      const { page, pageSize, search, retired } = query
      const { rows, total } = await listSystems(tx, { page, pageSize, search, withRetired: retired === 'true' })
      return { rows: rows.map(viewOf), total, page, pageSize }
    }),
  )
  serve(app, house, systems.details, async ({ params, ...call }) =>
    call.read(async (tx) => await systemView(tx, await knownSystem(tx, params.id))),
  )
  addRegistering(app, house)
  addEditing(app, house)
  addRetiring(app, house)
  addTests(app, house)
}

function addRegistering(app: FastifyInstance, house: House): void {
  serve(app, house, systems.register, async ({ body, scope, ...call }) => {
    const tenantId = await call.read((tx) => tenantFor(tx, scope, body.tenantId))
    assertMaySetHooks(scope, undefined, body.settings)
    await assertDraft(house, scope, { ...body, tenantId })
    return await call.act(async (tx) => {
      const row = await registerSystem(house, tx, { ...body, tenantId })
      await repositoryFor(tx, { tenantId, repositoryId: row.repository_id })
      const passwords = body.databases.filter(({ password }) => typeof password === 'string').map(({ name }) => name)
      return {
        reply: await systemView(tx, row),
        tenantId,
        subject: subjectOf(row),
        after: summaryOf(row),
        ...(passwords.length > 0 && { facts: { passwordsOf: passwords } }),
      }
    })
  })
}

function addEditing(app: FastifyInstance, house: House): void {
  serve(app, house, systems.edit, async ({ params, body, scope, ...call }) => {
    const { reason, ...change } = body
    const known = await call.read((tx) => activeSystem(tx, params.id))
    const tenantId = known.tenant_id
    if (change.settings) assertMaySetHooks(scope, known.settings, change.settings)
    if (change.databases ?? change.roots ?? change.repositoryId) {
      const { databases = known.databases, roots = known.roots, repositoryId = known.repository_id } = change
      await assertDraft(house, scope, { tenantId, databases, roots, repositoryId })
    }
    return await call.act(async (tx) => {
      const { before, after } = await editSystem(house, tx, { id: params.id, change })
      await repositoryFor(tx, { tenantId, repositoryId: after.repository_id })
      const passwords = (change.databases ?? []).filter(({ password }) => password !== undefined).map(({ name }) => name)
      return {
        reply: await systemView(tx, after),
        tenantId,
        subject: subjectOf(after),
        ...(reason !== undefined && { reason }),
        ...changesBetween(before, after),
        ...(passwords.length > 0 && { facts: { passwordsOf: passwords } }),
      }
    })
  })
}

function addRetiring(app: FastifyInstance, house: House): void {
  serve(app, house, systems.retire, async ({ params, body, ...call }) =>
    call.act(async (tx) => {
      const row = await retireSystem(tx, params.id, house.clock.now())
      return {
        reply: await systemView(tx, row),
        tenantId: row.tenant_id,
        subject: subjectOf(row),
        ...(body.reason !== undefined && { reason: body.reason }),
        before: { retiredAt: null },
        after: { retiredAt: row.retired_at?.toISOString() },
      }
    }),
  )
}

function addTests(app: FastifyInstance, house: House): void {
  serve(app, house, systems.test, async ({ params, signal, ...call }) => {
    const { row, tested } = await call.read(async (tx) => {
      const found = await activeSystem(tx, params.id)
      const passwords = await passwordsOf(house, tx, found.id)
      const databases = found.databases.map((one, index) => ({
        name: one.name,
        target: targetOf(one, index),
        password: passwords.get(one.name),
      }))
      return { row: found, tested: { databases, roots: found.roots, repository: await usableRepository(tx, found.repository_id) } }
    })
    const test = await testSystem(house, tested, signal)
    return await call.act(async (tx) => {
      await saveTest(tx, row.id, test)
      return { reply: test, tenantId: row.tenant_id, subject: subjectOf(row), facts: factsOf(test) }
    })
  })
  serve(app, house, systems.testDraft, async ({ body, scope, signal, ...call }) => {
    const known = await call.read((tx) => usableRepository(tx, body.repositoryId))
    const repository = await assertDraft(house, scope, { ...body, tenantId: known.tenant_id })
    const databases = body.databases.map((one, index) => ({
      name: one.name,
      target: targetOf(one, index),
      password: one.password ?? undefined,
    }))
    const test = await testSystem(house, { databases, roots: body.roots, repository }, signal)
    return await call.act(async () => ({
      reply: test,
      tenantId: known.tenant_id,
      facts: { ...factsOf(test), databases: body.databases.map(({ name, url }) => ({ name, url })), roots: body.roots },
    }))
  })
}

function subjectOf({ id, name }: StoredSystem) {
  return { kind: 'system', id, name }
}

function factsOf({ result, lines }: SystemTest) {
  return { result, failed: lines.filter((line) => line.result === 'failed').map(({ subject }) => subject) }
}
