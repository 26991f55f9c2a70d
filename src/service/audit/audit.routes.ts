import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { Fault } from '#base/fault.ts'
import { audit } from '#contract/audit.ts'
import { fingerprintOf } from '#engine/repository/proof-key.ts'
import type { Scope } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { sent, serve } from '#service/http/gate.ts'
import { findEvent, listCheckpoints, listEvents } from './audit-list.store.ts'
import { keepCheckpoints, signCheckpoint } from './checkpointing.ts'
import { readCopies } from './copies.ts'
import { activeRepositories } from './copies.store.ts'
import { exportLines, planExport } from './export.ts'
import { keepWatch } from './trail-watch.ts'
import { lockEnd, readEnd, setGeneration } from './trail.store.ts'
import { verifyCatalog } from './verify-catalog.ts'

export function addAudit(app: FastifyInstance, house: House): void {
  addReading(app, house)
  addVerify(app, house)
  addExport(app, house)
  addKeys(app, house)
  keepCheckpoints(app, house)
  keepWatch(app, house)
}

function addReading(app: FastifyInstance, house: House): void {
  serve(app, house, audit.list, async ({ query, ...call }) => {
    const { rows, total } = await call.read((tx) => listEvents(tx, query))
    return { rows, total, page: query.page, pageSize: query.pageSize }
  })
  serve(app, house, audit.checkpoints, async ({ query, ...call }) => {
    const [{ rows, total }, { head }] = await call.read(async (tx) => [await listCheckpoints(tx, query), await readEnd(tx)] as const)
    return {
      rows: rows.map(({ seq, hash, at, publicKey }) => ({ seq, hash, at: at.toISOString(), ...keyOf(publicKey) })),
      total,
      page: query.page,
      pageSize: query.pageSize,
      key: keyOf(house.trail.signing(head?.generation ?? 1).publicKey),
      lastSeq: head?.seq ?? 0,
      lastHash: head?.hash ?? '',
    }
  })
  serve(app, house, audit.details, async ({ params, ...call }) => {
    const found = await call.read((tx) => findEvent(tx, params.id))
    if (!found) throw new Fault('NOT_FOUND', `there is no event ${params.id}`)
    return { ...found.event, previousHash: found.previousHash, hash: found.hash }
  })
}

function addVerify(app: FastifyInstance, house: House): void {
  serve(app, house, audit.verify, async ({ body, scope, signal, ...call }) => {
    const rows = body.withRepositories ? await call.read(activeRepositories) : []
    const copies = await readCopies(house, rows, signal)
    const outside = copies.flatMap(({ found }) => found)
    const report = await verifyCatalog({ catalog: house.catalog, trail: house.trail, outside }, signal)
    const repositories = copies.map(({ id, name, found, problem }) => ({
      id,
      name,
      copies: found.length,
      lastSeq: found.at(-1)?.checkpoint.seq ?? null,
      problem,
    }))
    const { isWhole, events, lastSeq, findingCount, findings } = report
    return await call.act(async () => ({
      reply: { ...report, repositories },
      tenantId: tenantOf(scope),
      after: { isWhole, events, lastSeq, findingCount, ...(findings[0] && { first: findings[0] }) },
    }))
  })
}

function addExport(app: FastifyInstance, house: House): void {
  serve(app, house, audit.export, async ({ query, scope, caller, signal, wire, ...call }) => {
    const plan = await planExport(house, { ...query, scope, by: caller.name })
    const { firstSeq, lastSeq, tenants, from, to } = plan.header
    await call.act(async () => ({
      reply: null,
      tenantId: tenantOf(scope),
      after: { firstSeq, lastSeq, from, to, tenants },
    }))
    void wire.reply
      .type('application/x-ndjson')
      .header('content-disposition', `attachment; filename="audit-${firstSeq}-${lastSeq}.ndjson"`)
      .send(Readable.from(exportLines(house, plan, signal)))
    return sent
  })
}

function addKeys(app: FastifyInstance, house: House): void {
  serve(app, house, audit.rotateKey, async ({ body, ...call }) => {
    // What waits for the key before is signed by it first.
    await signCheckpoint(house)
    const reply = await call.act(async (tx) => {
      const { generation, isHandingOver } = await lockEnd(tx)
      if (isHandingOver) throw new Fault('DOUBLE_SUBMIT', 'the key of the trail is being changed at this moment')
      await setGeneration(tx, generation + 1)
      const [before, after] = [generation, generation + 1].map((one) => keyOf(house.trail.signing(one).publicKey)) as [Key, Key]
      return { reply: { before, after }, tenantId: null, reason: body.reason, before, after }
    })
    await signCheckpoint(house)
    return reply
  })
}

type Key = ReturnType<typeof keyOf>

function keyOf(publicKey: string) {
  return { publicKey, fingerprint: fingerprintOf(publicKey) }
}

/** An auditor of one tenant sees what they did themselves. */
function tenantOf(scope: Scope): string | null {
  return scope.kind === 'tenants' && scope.ids.length === 1 ? scope.ids[0]! : null
}
