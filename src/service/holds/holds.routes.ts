import type { FastifyInstance } from 'fastify'
import { Fault } from '#base/fault.ts'
import { holds } from '#contract/holds.ts'
import type { Tx } from '#service/catalog/scope.ts'
import { serve, type Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { recordSignature, verifySigner } from '#service/signatures/signatures.ts'
import { knownSystem } from '#service/systems/systems.ts'
import { tenantFor } from '#service/tenants/tenant-for.ts'
import { startTicker } from '#service/ticker.ts'
import { lockCandidate, listHeld, listHoldRows, type StoredHold } from './holds.store.ts'
import {
  assertActive,
  digestOfHold,
  factOf,
  holdViews,
  knownHold,
  lockedActiveHold,
  placeHold,
  releaseHold,
  type HoldOrder,
} from './holds.ts'
import { enqueueHoldRecords, recordingEveryMs } from './recorded.ts'

export function addHolds(app: FastifyInstance, house: House): void {
  serve(app, house, holds.list, ({ query, read }) =>
    read(async (tx) => {
      const { rows, total } = await listHoldRows(tx, query)
      return { rows: await holdViews(tx, rows), total, page: query.page, pageSize: query.pageSize }
    }),
  )
  serve(app, house, holds.details, ({ params, read }) => read(async (tx) => (await holdViews(tx, [await knownHold(tx, params.id)]))[0]!))
  serve(app, house, holds.held, async ({ query, read }) => {
    const { rows, total } = await read((tx) => listHeld(tx, query))
    const views = rows.map(({ id, name, system_name, created_at, holds: why }) => ({
      backupId: id,
      name,
      systemName: system_name,
      createdAt: created_at.toISOString(),
      holds: [...why],
    }))
    return { rows: views, total, page: query.page, pageSize: query.pageSize }
  })
  addPlace(app, house)
  addRelease(app, house)
  const ticker = startTicker(house, { name: 'looking for holds to record', everyMs: recordingEveryMs }, () => enqueueHoldRecords(house))
  app.addHook('onClose', () => ticker[Symbol.asyncDispose]())
}

function addPlace(app: FastifyInstance, house: House): void {
  serve(app, house, holds.place, (call) =>
    call.act(async (tx) => {
      const placed = await placeHold(house, tx, await orderOf(tx, call))
      const [view] = await holdViews(tx, [placed.hold])
      const [undeleted, tooLate] = [placed.undeleted.map(({ id }) => id), placed.tooLate.map(({ id }) => id)]
      return {
        reply: { hold: view!, undeleted, tooLate, fact: factOf(placed, view!.held) },
        tenantId: placed.hold.tenant_id,
        subject: subjectOf(placed.hold),
        reason: call.body.reason,
        after: { covers: view!.covers },
        facts: { held: view!.held, undeleted, tooLate },
      }
    }),
  )
}

/** In the tenant of what is held. */
async function orderOf(tx: Tx, { body, scope, caller }: Call<typeof holds.place>): Promise<HoldOrder> {
  const { backupId, systemId, from, to, reason, reference } = body
  const system = systemId === undefined ? undefined : await knownSystem(tx, systemId)
  const order = {
    backupId,
    system: system && { id: system.id, name: system.name },
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
    reason,
    reference,
    by: { id: caller.kind === 'nobody' ? null : caller.userId, name: caller.name },
  }
  if (backupId === undefined) return { ...order, tenantId: system?.tenant_id ?? (await tenantFor(tx, scope, body.tenantId)) }
  const backup = await lockCandidate(tx, backupId)
  if (!backup) throw new Fault('NOT_FOUND', `there is no backup ${backupId}`, { field: 'backupId' })
  return { ...order, tenantId: backup.tenant_id }
}

function addRelease(app: FastifyInstance, house: House): void {
  serve(app, house, holds.release, async (call) => {
    const { params, body } = call
    const known = await call.read((tx) => knownHold(tx, params.id))
    call.concerns({ tenantId: known.tenant_id, subject: subjectOf(known) })
    assertActive(known)
    const signer = await verifySigner(house, call, body.signature)
    return await call.act(async (tx) => {
      const hold = await lockedActiveHold(tx, params.id)
      const signed = await recordSignature(house, tx, {
        signer,
        tenantId: hold.tenant_id,
        subjectKind: 'hold',
        subjectId: hold.id,
        digest: digestOfHold(hold),
        meaning: body.signature.meaning,
        reason: body.reason,
      })
      const released = await releaseHold(house, tx, { id: hold.id, reason: body.reason, by: signer.name, signatureId: signed.id })
      const [view] = await holdViews(tx, [released])
      return {
        reply: view!,
        tenantId: hold.tenant_id,
        subject: subjectOf(hold),
        reason: body.reason,
        before: { covers: view!.covers, placedBy: hold.placed_by, placedAt: hold.placed_at.toISOString() },
        facts: { signatureId: signed.id, digest: signed.digest, meaning: signed.meaning },
      }
    })
  })
}

function subjectOf({ id, reference }: StoredHold) {
  return { kind: 'hold', id, name: reference }
}
