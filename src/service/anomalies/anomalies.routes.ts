import type { FastifyInstance } from 'fastify'
import { durations } from '#base/units.ts'
import { backups } from '#contract/backups.ts'
import { letGoOfSettled } from '#service/backups/alarm-holds.store.ts'
import { backupView } from '#service/backups/backup-view.ts'
import { makerOf } from '#service/backups/backups.ts'
import { everything } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { startTicker } from '#service/ticker.ts'
import { settleAnomaly } from './anomalies.ts'

const letGoEveryMs = 30 * durations.second

export function addAnomalies(app: FastifyInstance, house: House): void {
  serve(app, house, backups.settleAnomaly, ({ params, body, caller, act }) =>
    act(async (tx) => {
      const { backup, settled } = await settleAnomaly(house, tx, { id: params.id, ...body, by: makerOf(caller).name })
      return {
        reply: { backup: backupView(backup), settled: [...settled] },
        tenantId: backup.tenant_id,
        subject: { kind: 'backup', id: backup.id, name: backup.name },
        reason: body.reason,
        after: { verdict: body.verdict, settled },
      }
    }),
  )
  const ticker = startTicker(house, { name: 'letting go of what settled alerts kept', everyMs: letGoEveryMs }, () =>
    house.catalog.as(everything, letGoOfSettled),
  )
  app.addHook('onClose', () => ticker[Symbol.asyncDispose]())
}
