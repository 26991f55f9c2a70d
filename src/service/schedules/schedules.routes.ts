import type { FastifyInstance } from 'fastify'
import { schedules } from '#contract/schedules.ts'
import { assertHolds, makerOf } from '#service/backups/backups.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { activeSystem } from '#service/systems/systems.ts'
import { startTicker } from '#service/ticker.ts'
import { changeSchedule, createSchedule, defaultSchedules, settingsOf } from './editing.ts'
import { followObserved, followsEveryMs, proposalOf, proposalView } from './following.ts'
import { runBeforeChange, scheduleRunner } from './firing.ts'
import { settleMissed } from './missed.ts'
import { firstAfter, planWords, upcoming } from './plan.ts'
import { knownSchedule, lockedSchedule, nextColumns, noNextColumns, planOf, schedulesEveryMs, scheduleView, tickView } from './schedules.ts'
import { listScheduleRows, updateSchedule, type StoredSchedule } from './schedules.store.ts'
import { listTicks } from './ticks.store.ts'

export function addSchedules(app: FastifyInstance, house: House): void {
  addLists(app, house)
  addCreate(app, house)
  addEdit(app, house)
  addSwitch(app, house)
  const tickers = [
    startTicker(house, { name: 'running what is due', everyMs: schedulesEveryMs }, scheduleRunner(house)),
    startTicker(house, { name: 'following what is observed', everyMs: followsEveryMs }, () => followObserved(house)),
  ]
  app.addHook('onClose', async () => {
    for (const ticker of tickers) await ticker[Symbol.asyncDispose]()
  })
}

function addLists(app: FastifyInstance, house: House): void {
  serve(app, house, schedules.list, async ({ query, read }) => {
    const { rows, total } = await read((tx) => listScheduleRows(tx, query))
    const now = house.clock.now()
    return { rows: rows.map((row) => scheduleView(row, now)), total, page: query.page, pageSize: query.pageSize }
  })
  serve(app, house, schedules.details, async ({ params, read }) =>
    scheduleView(await read((tx) => knownSchedule(tx, params.id)), house.clock.now()),
  )
  serve(app, house, schedules.preview, async ({ body }) => {
    const now = house.clock.now()
    firstAfter(body, now)
    return { words: planWords(body), nextRuns: upcoming(body, now) }
  })
  serve(app, house, schedules.ticks, async ({ params, query, read }) => {
    const { rows, total } = await read(async (tx) => {
      await knownSchedule(tx, params.id)
      return await listTicks(tx, params.id, query)
    })
    return { rows: rows.map(tickView), total, page: query.page, pageSize: query.pageSize }
  })
  serve(app, house, schedules.proposal, ({ params, read }) =>
    read(async (tx) => proposalView(await proposalOf(house, tx, await knownSchedule(tx, params.id)))),
  )
}

function addCreate(app: FastifyInstance, house: House): void {
  serve(app, house, schedules.create, ({ body: { systemId, ...wish }, caller, act }) =>
    act(async (tx) => {
      const system = await activeSystem(tx, systemId)
      const row = await createSchedule(house, tx, { system, wish, by: makerOf(caller) })
      return {
        reply: scheduleView(row, house.clock.now()),
        tenantId: row.tenant_id,
        subject: subjectOf(row),
        after: { systemId, ...settingsOf(row) },
      }
    }),
  )
  serve(app, house, schedules.defaults, ({ body: { systemId, timeZone }, caller, act }) =>
    act(async (tx) => {
      const system = await activeSystem(tx, systemId)
      const rows: StoredSchedule[] = []
      for (const wish of defaultSchedules(system, timeZone))
        rows.push(await createSchedule(house, tx, { system, wish, by: makerOf(caller) }))
      return {
        reply: { rows: rows.map((row) => scheduleView(row, house.clock.now())) },
        tenantId: system.tenant_id,
        subject: { kind: 'system', id: system.id, name: system.name },
        after: { schedules: rows.map(settingsOf) },
      }
    }),
  )
}

function addEdit(app: FastifyInstance, house: House): void {
  serve(app, house, schedules.edit, ({ params, body, act }) =>
    act(async (tx) => {
      const now = house.clock.now()
      const before = await lockedSchedule(tx, params.id)
      assertHolds(await activeSystem(tx, before.system_id), { type: body.backupType }, 'backupType')
      await runBeforeChange(house, tx, before)
      const row = await changeSchedule(tx, { id: before.id, wish: body, now })
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
      const next = isActive ? nextColumns(planOf(before), now) : noNextColumns
      await updateSchedule(tx, before.id, { is_active: isActive, ...next, changed_at: now })
      if (!isActive) await settleMissed(house, tx, { id: before.id, because: 'the schedule was switched off' })
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
      await updateSchedule(tx, before.id, { deleted_at: house.clock.now(), is_active: false, ...noNextColumns })
      await settleMissed(house, tx, { id: before.id, because: 'the schedule was removed' })
      return { reply: {}, tenantId: before.tenant_id, subject: subjectOf(before), before: settingsOf(before) }
    }),
  )
}

function subjectOf({ id, name }: StoredSchedule) {
  return { kind: 'schedule', id, name }
}
