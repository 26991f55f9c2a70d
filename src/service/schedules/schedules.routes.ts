import type { FastifyInstance } from 'fastify'
import type { BodyOf } from '#contract/endpoint.ts'
import { schedules } from '#contract/schedules.ts'
import { assertHolds, makerOf } from '#service/backups/backups.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { activeSystem } from '#service/systems/systems.ts'
import { startTicker } from '#service/ticker.ts'
import { lockedSchedule, nameTaken, nextRunOf, printedRuns, runDueSchedules, schedulesEveryMs, scheduleView } from './schedules.ts'
import { insertSchedule, listScheduleRows, updateSchedule, type StoredSchedule } from './schedules.store.ts'

export function addSchedules(app: FastifyInstance, house: House): void {
  serve(app, house, schedules.list, async ({ query, read }) => {
    const { rows, total } = await read((tx) => listScheduleRows(tx, query))
    const now = house.clock.now()
    return { rows: rows.map((row) => scheduleView(row, now)), total, page: query.page, pageSize: query.pageSize }
  })
  serve(app, house, schedules.preview, async ({ body }) => ({
    nextRuns: printedRuns(body.cronExpression, body.timeZone, house.clock.now()),
  }))
  addCreate(app, house)
  addEdit(app, house)
  addSwitch(app, house)
  const ticker = startTicker(house, { name: 'running what is due', everyMs: schedulesEveryMs }, () => runDueSchedules(house))
  app.addHook('onClose', () => ticker[Symbol.asyncDispose]())
}

function addCreate(app: FastifyInstance, house: House): void {
  serve(app, house, schedules.create, ({ body, caller, act }) =>
    act(async (tx) => {
      const now = house.clock.now()
      const system = await activeSystem(tx, body.systemId)
      assertHolds(system, { type: body.backupType }, 'backupType')
      const id = house.random.uuid()
      const inserted = await insertSchedule(tx, {
        id,
        tenant_id: system.tenant_id,
        system_id: system.id,
        ...columnsOf(body, now),
        created_by: makerOf(caller).name,
        created_at: now,
      })
      if (!inserted) throw nameTaken(body.name)
      const row = await lockedSchedule(tx, id)
      return { reply: scheduleView(row, now), tenantId: row.tenant_id, subject: subjectOf(row), after: body }
    }),
  )
}

function addEdit(app: FastifyInstance, house: House): void {
  serve(app, house, schedules.edit, ({ params, body, act }) =>
    act(async (tx) => {
      const now = house.clock.now()
      const before = await lockedSchedule(tx, params.id)
      assertHolds(await activeSystem(tx, before.system_id), { type: body.backupType }, 'backupType')
      if (!(await updateSchedule(tx, before.id, columnsOf(body, now)))) throw nameTaken(body.name)
      const row = await lockedSchedule(tx, before.id)
      return {
        reply: scheduleView(row, now),
        tenantId: row.tenant_id,
        subject: subjectOf(row),
        before: settingsOf(before),
        after: settingsOf(row),
      }
    }),
  )
}

function addSwitch(app: FastifyInstance, house: House): void {
  serve(app, house, schedules.toggle, ({ params, body, act }) =>
    act(async (tx) => {
      const now = house.clock.now()
      const before = await lockedSchedule(tx, params.id)
      const isActive = body.isActive ?? !before.is_active
      const { cron_expression: cronExpression, time_zone: timeZone } = before
      await updateSchedule(tx, before.id, {
        is_active: isActive,
        next_run_at: nextRunOf({ isActive, cronExpression, timeZone }, now),
        changed_at: now,
      })
      const row = await lockedSchedule(tx, before.id)
      return {
        reply: scheduleView(row, now),
        tenantId: row.tenant_id,
        subject: subjectOf(row),
        before: { isActive: before.is_active },
        after: { isActive },
      }
    }),
  )
  serve(app, house, schedules.remove, ({ params, act }) =>
    act(async (tx) => {
      const before = await lockedSchedule(tx, params.id)
      await updateSchedule(tx, before.id, { deleted_at: house.clock.now(), is_active: false, next_run_at: null })
      return { reply: {}, tenantId: before.tenant_id, subject: subjectOf(before), before: settingsOf(before) }
    }),
  )
}

type ScheduleBody = Pick<
  BodyOf<typeof schedules.edit>,
  'name' | 'backupType' | 'cronExpression' | 'timeZone' | 'retentionDays' | 'isActive'
>

function columnsOf(body: ScheduleBody, now: Date) {
  return {
    name: body.name,
    backup_type: body.backupType,
    is_active: body.isActive,
    cron_expression: body.cronExpression,
    time_zone: body.timeZone,
    retention_days: body.retentionDays,
    changed_at: now,
    next_run_at: nextRunOf(body, now),
  }
}

function settingsOf(row: StoredSchedule) {
  const { name, backup_type: backupType, is_active: isActive, cron_expression: cronExpression, time_zone: timeZone } = row
  return { name, backupType, isActive, cronExpression, timeZone, retentionDays: row.retention_days }
}

function subjectOf({ id, name }: StoredSchedule) {
  return { kind: 'schedule', id, name }
}
