import type { FastifyInstance } from 'fastify'
import { durations } from '#base/units.ts'
import { verification } from '#contract/verification.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { knownRepository, usableRepository } from '#service/repositories/repositories.ts'
import { startTicker } from '#service/ticker.ts'
import { readDueShares, readingOf, readingView, setReading } from './verification.ts'

const readingsEveryMs = durations.minute

export function addVerification(app: FastifyInstance, house: House): void {
  serve(app, house, verification.show, ({ params, read }) =>
    read(async (tx) => readingView(tx, await readingOf(tx, await knownRepository(tx, params.id)))),
  )
  serve(app, house, verification.set, ({ params, body, act }) =>
    act(async (tx) => {
      const repository = await usableRepository(tx, params.id)
      const before = await readingOf(tx, repository)
      const after = await setReading(house, tx, { repository, ...body })
      return {
        reply: await readingView(tx, after),
        tenantId: repository.tenant_id,
        subject: { kind: 'repository', id: repository.id, name: repository.name },
        before: { isActive: before.is_active, everyDays: before.every_days },
        after: body,
      }
    }),
  )
  const ticker = startTicker(house, { name: 'reading repositories again', everyMs: readingsEveryMs }, () => readDueShares(house))
  app.addHook('onClose', () => ticker[Symbol.asyncDispose]())
}
