import type { FastifyInstance } from 'fastify'
import { messageOf } from '#base/fault.ts'
import { repositories } from '#contract/repositories.ts'
import { revocationNotice } from '#engine/repository/keys.ts'
import { within } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { tenantFor } from '#service/tenants/tenant-for.ts'
import {
  assertNameFree,
  beginPasswordChange,
  knownRepository,
  makeRepository,
  noteKeysRemoved,
  oneView,
  registerRepository,
  editRepository,
  retireRepository,
  savePassword,
  usableRepository,
  viewsOf,
} from './repositories.ts'
import { listRepositories } from './repositories.store.ts'

export function addRepositories(app: FastifyInstance, house: House): void {
  serve(app, house, repositories.list, async ({ query, ...call }) =>
    call.read(async (tx) => {
      const { page, pageSize, search, retired } = query
      const { rows, total } = await listRepositories(tx, { page, pageSize, search, withRetired: retired === 'true' })
      return { rows: await viewsOf(tx, rows), total, page, pageSize }
    }),
  )
  serve(app, house, repositories.details, async ({ params, ...call }) =>
    call.read(async (tx) => await oneView(tx, await knownRepository(tx, params.id))),
  )
  addMaking(app, house)
  addChanges(app, house)
  addPasswordChange(app, house)
  addChecks(app, house)
}

function addMaking(app: FastifyInstance, house: House): void {
  serve(app, house, repositories.create, async ({ body, scope, signal, ...call }) => {
    const { name, place, mode, password } = body
    const tenantId = await call.read(async (tx) => {
      const chosen = await tenantFor(tx, scope, body.tenantId)
      await assertNameFree(tx, chosen, name)
      return chosen
    })
    const made = await makeRepository(house, { name, place, mode, password }, signal)
    const reply = await call.act(async (tx) => {
      const row = await registerRepository(tx, { tenantId, name, place, at: house.clock.now() }, made)
      return {
        reply: { repository: await oneView(tx, row) },
        tenantId,
        subject: subjectOf(row),
        after: { name, place, mode, repositoryId: row.repository_id },
      }
    })
    // Outside the act: whatever is remembered for an Idempotency-Key must not hold it.
    return { ...reply, ...(made.recoveryKey !== undefined && { recoveryKey: made.recoveryKey }) }
  })
}

function addChanges(app: FastifyInstance, house: House): void {
  serve(app, house, repositories.edit, async ({ params, body, ...call }) =>
    call.act(async (tx) => {
      const before = await usableRepository(tx, params.id)
      const row = await editRepository(tx, before, {
        ...(body.name !== undefined && { name: body.name }),
        ...(body.quotaBytes !== undefined && { quotaBytes: body.quotaBytes }),
        at: house.clock.now(),
      })
      return {
        reply: await oneView(tx, row),
        tenantId: row.tenant_id,
        subject: subjectOf(row),
        before: { name: before.name, quotaBytes: before.quota_bytes },
        after: { name: row.name, quotaBytes: row.quota_bytes },
      }
    }),
  )
  serve(app, house, repositories.retire, async ({ params, body, ...call }) =>
    call.act(async (tx) => {
      const { before, after } = await retireRepository(tx, params.id, house.clock.now())
      return {
        reply: await oneView(tx, after),
        tenantId: after.tenant_id,
        subject: subjectOf(after),
        ...(body.reason !== undefined && { reason: body.reason }),
        before: { retiredAt: before.retired_at },
        after: { retiredAt: after.retired_at?.toISOString() },
      }
    }),
  )
}

function addPasswordChange(app: FastifyInstance, house: House): void {
  serve(app, house, repositories.changePassword, async ({ params, body, signal, ...call }) => {
    const before = await call.read((tx) => usableRepository(tx, params.id))
    const change = await beginPasswordChange(house, before, { wanted: body.password, signal })
    const repository = await call
      .act(async (tx) => {
        const row = await savePassword(tx, before, { ...change, at: house.clock.now() })
        return {
          reply: await oneView(tx, row),
          tenantId: row.tenant_id,
          subject: subjectOf(row),
          ...(body.reason !== undefined && { reason: body.reason }),
          facts: { keysRemoved: change.leftKeys.length },
        }
      })
      .catch(async (error: unknown) => {
        await change.withdraw()
        throw error
      })
    let isOldRemoved = true
    try {
      await change.complete()
      await house.catalog.as(within(before.tenant_id), (tx) => noteKeysRemoved(tx, before.id))
    } catch (error) {
      // The new password counts already; the old key is noted, and the reply says that it is still there.
      house.log.warn({ repository: before.id, fact: messageOf(error) }, 'an old key could not be removed')
      isOldRemoved = false
    }
    return { repository, isOldRemoved, notice: revocationNotice }
  })
}

function addChecks(app: FastifyInstance, house: House): void {
  serve(app, house, repositories.check, async ({ params, body, caller, ...call }) =>
    call.act(async (tx) => {
      const row = await usableRepository(tx, params.id)
      const runId = await house.queue.add(tx, {
        kind: 'repository-check',
        tenantId: row.tenant_id,
        systemId: null,
        repositoryId: row.id,
        subjectId: null,
        title: `${body.depth} check of ${row.name}`,
        order: { depth: body.depth },
        createdBy: { id: caller.kind === 'nobody' ? null : caller.userId, name: caller.name },
        lane: row.id,
      })
      return { reply: { runId }, tenantId: row.tenant_id, subject: subjectOf(row), facts: { depth: body.depth, runId } }
    }),
  )
}

function subjectOf({ id, name }: { readonly id: string; readonly name: string }) {
  return { kind: 'repository', id, name }
}
