import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { Fault, isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { channels, type DeliveryView } from '#contract/channels.ts'
import { settleAlert } from '#service/alerts/alerts.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { channelKinds } from './channel-kinds.ts'
import type { Message } from './channel-kind.ts'
import {
  channelView,
  columnsOf,
  kindNamed,
  knownChannel,
  lockedChannel,
  openChannel,
  settingsOf,
  tenantOfNew,
  unsealedChannel,
} from './channels.ts'
import { insertChannel, listChannelRows, updateChannel, type StoredChannel } from './channels.store.ts'
import { giveUpDeliveries, hastenDeliveries, listDeliveryRows, type ListedDelivery } from './deliveries.store.ts'
import { printed } from './message.ts'

export function addChannels(app: FastifyInstance, house: House): void {
  serve(app, house, channels.list, async ({ query, read }) => {
    const { rows, total } = await read((tx) => listChannelRows(tx, query))
    return { rows: rows.map((row) => channelView(house, row)), total, page: query.page, pageSize: query.pageSize }
  })
  serve(app, house, channels.kinds, async () => ({
    kinds: channelKinds.map(({ name, title, settings, secrets }) => ({
      name,
      title,
      settings: z.toJSONSchema(settings, { io: 'input' }),
      secrets: z.toJSONSchema(secrets, { io: 'input' }),
    })),
  }))
  serve(app, house, channels.deliveries, async ({ query, read }) => {
    const { rows, total } = await read((tx) => listDeliveryRows(tx, query))
    return { rows: rows.map(deliveryView), total, page: query.page, pageSize: query.pageSize }
  })
  addCreate(app, house)
  addEdit(app, house)
  addRemove(app, house)
  addTest(app, house)
}

function addCreate(app: FastifyInstance, house: House): void {
  serve(app, house, channels.create, ({ body, scope, act }) =>
    act(async (tx) => {
      const open = openChannel(kindNamed(body.kind), body)
      const id = house.random.uuid()
      const tenantId = await tenantOfNew(tx, scope, body.tenantId)
      const inserted = await insertChannel(tx, {
        id,
        tenant_id: tenantId,
        kind: body.kind,
        ...columnsOf(house, id, { body, open }),
        created_at: house.clock.now(),
      })
      if (!inserted) throw nameTaken(body.name)
      const row = await knownChannel(tx, id)
      return { reply: channelView(house, row), tenantId, subject: subjectOf(row), after: settingsOf(row) }
    }),
  )
}

function addEdit(app: FastifyInstance, house: House): void {
  serve(app, house, channels.edit, ({ params, body, act }) =>
    act(async (tx) => {
      const before = await lockedChannel(tx, params.id)
      const open = openChannel(kindNamed(before.kind), body, unsealedChannel(house, before))
      if (!(await updateChannel(tx, before.id, columnsOf(house, before.id, { body, open, before })))) throw nameTaken(body.name)
      if (body.isActive) await hastenDeliveries(tx, before.id, house.clock.now())
      else await quit(house, tx, { channel: before, because: 'was switched off' })
      const row = await knownChannel(tx, before.id)
      return {
        reply: channelView(house, row),
        tenantId: row.tenant_id,
        subject: subjectOf(row),
        before: settingsOf(before),
        after: settingsOf(row),
        facts: { secretsGiven: Object.keys(body.secrets) },
      }
    }),
  )
}

function addRemove(app: FastifyInstance, house: House): void {
  serve(app, house, channels.remove, ({ params, act }) =>
    act(async (tx) => {
      const row = await lockedChannel(tx, params.id)
      await updateChannel(tx, row.id, { deleted_at: house.clock.now(), is_active: false, digest_next_at: null })
      await quit(house, tx, { channel: row, because: 'was removed' })
      return { reply: {}, tenantId: row.tenant_id, subject: subjectOf(row), before: settingsOf(row) }
    }),
  )
}

/** Outside of any transaction: a server that hangs holds up nobody but whoever asked. */
function addTest(app: FastifyInstance, house: House): void {
  serve(app, house, channels.test, async ({ params, signal, caller, read, act }) => {
    const row = await read((tx) => knownChannel(tx, params.id))
    const { kind, settings, secrets } = unsealedChannel(house, row)
    const at = house.clock.now()
    const sending = { id: house.random.uuid(), message: testMessage(caller.name, at), at, timeoutMs: limits.noticeTimeoutMs, signal }
    let outcome: { isDelivered: boolean; answer: string }
    try {
      outcome = { isDelivered: true, answer: await kind.send(settings, secrets, sending) }
    } catch (error) {
      if (!isFault(error)) throw error
      outcome = { isDelivered: false, answer: error.message }
    }
    return await act(async () => ({ reply: outcome, tenantId: row.tenant_id, subject: subjectOf(row), facts: outcome }))
  })
}

function testMessage(by: string, at: Date): Message {
  return {
    severity: 'info',
    subject: '[Integrum] Test message',
    lines: ['This is a test: messages of Integrum arrive here.', `Asked for by ${by} at ${printed(at)}.`],
    thread: null,
    notice: { kind: 'test', at: at.toISOString() },
  }
}

function nameTaken(name: string): Fault {
  return new Fault('NAME_TAKEN', `there is a channel named "${name}" already`, { field: 'name' })
}

/** What waits is given up, and that it reaches nobody is no news any more. */
async function quit(
  house: House,
  tx: Tx,
  { channel, because }: { readonly channel: StoredChannel; readonly because: string },
): Promise<void> {
  const { code, message: fact, hint } = new Fault('CHANNEL_FAILED', `the channel ${because} before it was sent`)
  await giveUpDeliveries(tx, channel.id, { at: house.clock.now(), fault: { code, fact, hint } })
  await settleAlert(house, tx, { kind: 'channel-silent', concerns: channel.id, because: `the channel ${because}` })
}

function subjectOf({ id, name }: Pick<StoredChannel, 'id' | 'name'>) {
  return { kind: 'notice-channel', id, name }
}

function deliveryView(row: ListedDelivery): DeliveryView {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    channelId: row.channel_id,
    channelName: row.channel_name,
    noticeId: row.notice_id,
    subject: row.message.subject,
    status: row.status,
    attempts: row.attempts,
    nextTryAt: row.next_try_at?.toISOString() ?? null,
    lastFault: row.last_fault,
    answer: row.answer,
    createdAt: row.created_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
  }
}
