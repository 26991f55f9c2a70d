import type { FastifyInstance } from 'fastify'
import { durations } from '#base/units.ts'
import { backups } from '#contract/backups.ts'
import type { House } from '#service/house.ts'
import { countHolds } from '#service/holds/holds.store.ts'
import { serve } from '#service/http/gate.ts'
import { assertTimeZone } from '#service/schedules/cron.ts'
import { startTicker } from '#service/ticker.ts'
import { addBackupContent } from './backup-content.routes.ts'
import { addAdminAliases } from './admin-aliases.routes.ts'
import { createBackup, listBackups, subjectOf, verifyOne } from './backup-answers.ts'
import { countByDay } from './calendar.store.ts'
import { addDownloads } from './download.routes.ts'
import { addHistory } from './history.routes.ts'
import { addUploads } from './upload.routes.ts'
import { backupDetails, backupView } from './backup-view.ts'
import { cancelBackup, knownBackup, makerOf } from './backups.ts'
import { estimate, estimateBasis } from './estimate.ts'
import { reconcileAll } from './reconcile.ts'
import { sweepSpool } from './spool.ts'
import { runStateOf } from './backups.store.ts'
import { deleteBackup, enqueueDueRemovals, undeleteBackup } from './removal.ts'

const removalsEveryMs = durations.minute
const sweepEveryMs = 10 * durations.minute
const reconcileEveryMs = durations.hour

export function addBackups(app: FastifyInstance, house: House): void {
  serve(app, house, backups.create, (call) => createBackup(house, call, call.body))
  serve(app, house, backups.list, (call) => listBackups(call))
  serve(app, house, backups.calendar, async ({ query, read }) => {
    assertTimeZone(query.timeZone)
    return { days: await read((tx) => countByDay(tx, query)) }
  })
  serve(app, house, backups.details, ({ params, read }) =>
    read(async (tx) => {
      const row = await knownBackup(tx, params.id)
      const holds = await countHolds(tx, [row.id])
      const run = row.run_id === null ? undefined : await runStateOf(tx, row.run_id)
      return backupDetails(row, { run, holdCount: holds.get(row.id) ?? 0 })
    }),
  )
  serve(app, house, backups.verify, (call) => verifyOne(house, call))
  serve(app, house, backups.estimate, async ({ body, read, signal }) => {
    const basis = await read((tx) => estimateBasis(house, tx, body))
    return await estimate(basis, house.clock, signal)
  })
  addEnds(app, house)
  addBackupContent(app, house)
  addHistory(app, house)
  addDownloads(app, house)
  addUploads(app, house)
  addAdminAliases(app, house)
  startTickers(app, house)
}

function startTickers(app: FastifyInstance, house: House): void {
  const tickers = [
    startTicker(house, { name: 'looking for backups to remove', everyMs: removalsEveryMs }, () => enqueueDueRemovals(house)),
    startTicker(house, { name: 'sweeping the spool', everyMs: sweepEveryMs }, () => sweepSpool(house)),
    startTicker(house, { name: 'comparing repositories with the catalog', everyMs: reconcileEveryMs, isAtOnce: true }, () =>
      reconcileAll(house),
    ),
  ]
  app.addHook('onClose', async () => {
    for (const ticker of tickers) await ticker[Symbol.asyncDispose]()
  })
}

function addEnds(app: FastifyInstance, house: House): void {
  serve(app, house, backups.cancel, ({ params, caller, act }) =>
    act(async (tx) => {
      const { row, runId, status } = await cancelBackup(house, tx, { id: params.id, by: makerOf(caller).name })
      return { reply: { runId, status }, tenantId: row.tenant_id, subject: subjectOf(row), facts: { runId } }
    }),
  )
  serve(app, house, backups.remove, ({ params, body, caller, act }) =>
    act(async (tx) => {
      const row = await deleteBackup(house, tx, { id: params.id, reason: body.reason, by: makerOf(caller).name })
      return {
        reply: backupView(row),
        tenantId: row.tenant_id,
        subject: subjectOf(row),
        reason: body.reason,
        after: { removalDueAt: row.removal_due_at?.toISOString() },
      }
    }),
  )
  serve(app, house, backups.undelete, ({ params, act }) =>
    act(async (tx) => {
      const { before, after } = await undeleteBackup(tx, params.id)
      return {
        reply: backupView(after),
        tenantId: after.tenant_id,
        subject: subjectOf(after),
        before: { deletedAt: before.deleted_at?.toISOString(), removalDueAt: before.removal_due_at?.toISOString() },
      }
    }),
  )
}
