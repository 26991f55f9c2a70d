import type { FastifyInstance } from 'fastify'
import { Fault } from '#base/fault.ts'
import { alerts, type AlertView, type Telling } from '#contract/alerts.ts'
import { noticeKinds } from '#contract/notice-kinds.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { acknowledgeAlert, settleByHand } from './alerts.ts'
import { findAlertRow, listAlertRows, lockAlertRow, tellingsOf, type ShownAlert, type TellingRow } from './alerts.store.ts'

export function addAlerts(app: FastifyInstance, house: House): void {
  serve(app, house, alerts.list, async ({ query, read }) => {
    const { rows, total } = await read((tx) => listAlertRows(tx, query))
    return { rows: rows.map(viewOf), total, page: query.page, pageSize: query.pageSize }
  })
  serve(app, house, alerts.details, ({ params, read }) =>
    read(async (tx) => {
      const row = await findAlertRow(tx, params.id)
      if (!row) throw noAlert(params.id)
      return { ...viewOf(row), tellings: (await tellingsOf(tx, row.id)).flatMap(tellingOf) }
    }),
  )
  serve(app, house, alerts.acknowledge, ({ params, body, caller, act }) =>
    act(async (tx) => {
      const alert = await lockedAlert(tx, params.id)
      await acknowledgeAlert(house, tx, { alert, by: caller.name, note: body.note })
      return { reply: viewOf(await lockedAlert(tx, alert.id)), ...about(alert), reason: body.note }
    }),
  )
  serve(app, house, alerts.settle, ({ params, body, caller, act }) =>
    act(async (tx) => {
      const alert = await lockedAlert(tx, params.id)
      await settleByHand(house, tx, { alert, because: `settled by ${caller.name}: ${body.note}` })
      return { reply: viewOf(await lockedAlert(tx, alert.id)), ...about(alert), reason: body.note }
    }),
  )
}

/** NOT_FOUND, also for those of others. */
async function lockedAlert(tx: Tx, id: string): Promise<ShownAlert> {
  const row = await lockAlertRow(tx, id)
  if (!row) throw noAlert(id)
  return row
}

function noAlert(id: string): Fault {
  return new Fault('NOT_FOUND', `there is no alert ${id}`)
}

/** What merely happened belongs to no alert. */
function tellingOf({ at, occasion, delivered, waiting, given_up: givenUp }: TellingRow): Telling[] {
  return occasion === 'happened' ? [] : [{ at: at.toISOString(), occasion, delivered, waiting, givenUp }]
}

function about({ id, kind, tenant_id: tenantId }: ShownAlert) {
  return { tenantId, subject: { kind: 'alert', id, name: noticeKinds[kind].title } }
}

function viewOf(row: ShownAlert): AlertView {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    kind: row.kind,
    title: noticeKinds[row.kind].title,
    severity: row.severity,
    systemId: row.system_id,
    systemName: row.system_name,
    subjectKind: row.subject_kind,
    subjectId: row.subject_id,
    subjectName: row.subject_name,
    fact: row.fact,
    hint: row.hint,
    facts: row.facts,
    openedAt: row.opened_at.toISOString(),
    seenAt: row.seen_at.toISOString(),
    times: row.times,
    acknowledgedAt: row.acknowledged_at?.toISOString() ?? null,
    acknowledgedBy: row.acknowledged_by,
    acknowledgedNote: row.acknowledged_note,
    settledAt: row.settled_at?.toISOString() ?? null,
    settledBecause: row.settled_because,
  }
}
