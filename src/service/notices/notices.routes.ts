import type { FastifyInstance } from 'fastify'
import { durations } from '#base/units.ts'
import { noticeSettings } from '#contract/notice-settings.ts'
import { writeSetting } from '#service/catalog/settings.store.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { startTicker } from '#service/ticker.ts'
import { addChannels } from './channels.routes.ts'
import { Deliverer, spreadNotices } from './deliver.ts'
import { makeDigests } from './digest.ts'
import { readPing, removePing, sendPing, setPing } from './ping.ts'
import { readRepeating, repeatAlerts, repeatingSetting } from './repeat.ts'

export function addNotices(app: FastifyInstance, house: House): void {
  addChannels(app, house)
  addRepeating(app, house)
  addPing(app, house)
  keepTelling(app, house)
}

/** As long as the service runs; any number of services may do it. */
function keepTelling(app: FastifyInstance, house: House): void {
  const deliverer = new Deliverer(house)
  const tickers = [
    startTicker(house, { name: 'delivering notices', everyMs: 5 * durations.second }, async () => {
      await spreadNotices(house)
      await deliverer.look()
    }),
    startTicker(house, { name: 'repeating alerts', everyMs: durations.minute }, () => repeatAlerts(house)),
    startTicker(house, { name: 'making digests', everyMs: durations.minute }, () => makeDigests(house)),
    startTicker(house, { name: 'the ping', everyMs: 30 * durations.second }, () => sendPing(house, house.stopping)),
  ]
  app.addHook('onClose', async () => {
    await Promise.all(tickers.map((ticker) => ticker[Symbol.asyncDispose]()))
    await deliverer[Symbol.asyncDispose]()
  })
}

function addRepeating(app: FastifyInstance, house: House): void {
  const subject = { kind: 'setting', id: repeatingSetting }
  serve(app, house, noticeSettings.repeating, ({ read }) => read(readRepeating))
  serve(app, house, noticeSettings.setRepeating, ({ body, act }) =>
    act(async (tx) => {
      const before = await readRepeating(tx)
      await writeSetting(tx, repeatingSetting, { value: body, at: house.clock.now() })
      return { reply: body, subject, before, after: body }
    }),
  )
}

function addPing(app: FastifyInstance, house: House): void {
  const subject = { kind: 'setting', id: 'ping' }
  serve(app, house, noticeSettings.ping, async ({ read }) => ({ ping: await read(readPing) }))
  serve(app, house, noticeSettings.setPing, ({ body, act }) =>
    act(async (tx) => {
      const before = await readPing(tx)
      const ping = await setPing(house, tx, body)
      return { reply: { ping }, subject, before, after: ping }
    }),
  )
  serve(app, house, noticeSettings.removePing, ({ act }) =>
    act(async (tx) => {
      const before = await readPing(tx)
      await removePing(tx)
      return { reply: {}, subject, before }
    }),
  )
}
