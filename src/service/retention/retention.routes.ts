import type { FastifyInstance } from 'fastify'
import { retention } from '#contract/retention.ts'
import { sent, serve } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { knownSystem } from '#service/systems/systems.ts'
import { startTicker } from '#service/ticker.ts'
import { knownCertificate } from './certificates.ts'
import { listCertificates } from './certificates.store.ts'
import { clockDoubt } from './clock.ts'
import { readMarks } from './clock.store.ts'
import { planRetention, planView, retentionEveryMs, runDueRetention } from './evaluate.ts'
import { removalGraceDays, setRemovalGraceDays } from './grace.ts'
import { assertTimeZone, inForceView, policyInForce, policyOf } from './policies.ts'
import { systemsForRetention, tenantPolicies } from './policies.store.ts'
import { enqueueDuePrunes, pruningEveryMs } from './pruning.ts'
import { signClock, signPolicy, signRun } from './signed-acts.ts'

export function addRetention(app: FastifyInstance, house: House): void {
  addPolicies(app, house)
  addCertificates(app, house)
  addClock(app, house)
  addGrace(app, house)
  const tickers = [
    startTicker(house, { name: 'carrying out what is due of retention', everyMs: retentionEveryMs, isAtOnce: true }, () =>
      runDueRetention(house),
    ),
    startTicker(house, { name: 'looking for repositories to prune', everyMs: pruningEveryMs }, () => enqueueDuePrunes(house)),
  ]
  app.addHook('onClose', async () => {
    for (const ticker of tickers) await ticker[Symbol.asyncDispose]()
  })
}

function addPolicies(app: FastifyInstance, house: House): void {
  serve(app, house, retention.policies, ({ query, read }) =>
    read(async (tx) => {
      const { rows, total } = await systemsForRetention(tx, query)
      const views = []
      for (const { id, tenant_id, name, evaluated_at, waits } of rows) {
        const scope = { tenantId: tenant_id, systemId: id }
        const inForce = inForceView(await policyInForce(tx, scope), { ...scope, systemName: name })
        views.push({ ...inForce, evaluatedAt: evaluated_at?.toISOString() ?? null, waits })
      }
      const organizations = (await tenantPolicies(tx)).map((row) =>
        inForceView({ policy: policyOf(row), source: 'organization', row }, { tenantId: row.tenant_id, systemId: null, systemName: null }),
      )
      return { rows: views, total, page: query.page, pageSize: query.pageSize, organizations }
    }),
  )
  serve(app, house, retention.set, (call) => signPolicy(house, call))
  serve(app, house, retention.preview, ({ body, read }) =>
    read(async (tx) => {
      const system = await knownSystem(tx, body.systemId)
      if (body.policy) assertTimeZone(body.policy.timeZone)
      const plan = await planRetention(
        house,
        tx,
        { id: system.id, tenantId: system.tenant_id },
        {
          draft: body.policy,
          schedule: body.schedule,
        },
      )
      return await planView(tx, plan, body.shown)
    }),
  )
  serve(app, house, retention.run, (call) => signRun(house, call))
}

function addCertificates(app: FastifyInstance, house: House): void {
  serve(app, house, retention.certificates, async ({ query, read }) => {
    const { rows, total } = await read((tx) => listCertificates(tx, query))
    const views = rows.map((row) => ({
      id: row.id,
      tenantId: row.tenant_id,
      backupId: row.backup_id,
      backupName: row.backup_name,
      systemName: row.system_name,
      removedAt: row.removed_at.toISOString(),
    }))
    return { rows: views, total, page: query.page, pageSize: query.pageSize }
  })
  serve(app, house, retention.certificate, async ({ params, read, wire }) => {
    const { document } = await read((tx) => knownCertificate(tx, params.id))
    void wire.reply
      .type('application/json')
      .header('content-disposition', `attachment; filename="deletion-certificate-${params.id}.json"`)
      .send(document)
    return sent
  })
}

function addClock(app: FastifyInstance, house: House): void {
  serve(app, house, retention.clock, ({ read }) =>
    read(async (tx) => {
      const doubt = await clockDoubt(house, tx)
      const [newest] = await readMarks(tx)
      return {
        now: house.clock.now().toISOString(),
        isSuspended: doubt !== undefined,
        fact: doubt?.fact ?? null,
        mark: newest?.mark.toISOString() ?? null,
      }
    }),
  )
  serve(app, house, retention.acceptClock, (call) => signClock(house, call))
}

function addGrace(app: FastifyInstance, house: House): void {
  serve(app, house, retention.grace, ({ read }) => read(async (tx) => ({ days: await removalGraceDays(tx) })))
  serve(app, house, retention.setGrace, ({ body, act }) =>
    act(async (tx) => {
      const before = { days: await removalGraceDays(tx) }
      await setRemovalGraceDays(tx, { days: body.days, at: house.clock.now() })
      return { reply: body, subject: { kind: 'setting', id: 'backups.removal-grace-days' }, before, after: body }
    }),
  )
}
