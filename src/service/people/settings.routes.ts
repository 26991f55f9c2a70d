import type { FastifyInstance } from 'fastify'
import { settings } from '#contract/settings.ts'
import { removeSetting, writeSetting } from '#service/catalog/settings.store.ts'
import { serve } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { discoverProvider } from './oidc.ts'
import { readOidc, secretFor, writeOidc } from './oidc-settings.ts'
import { readSessionTimes } from './session-times.ts'

/** How people come in, and how long they stay: set for the whole installation. */
export function addPeopleSettings(app: FastifyInstance, house: House): void {
  serve(app, house, settings.sessionTimes, ({ read }) => read(readSessionTimes))
  serve(app, house, settings.setSessionTimes, ({ body, act }) =>
    act(async (tx) => {
      const before = await readSessionTimes(tx)
      await writeSetting(tx, 'sessions', { value: body, at: house.clock.now() })
      return { reply: body, subject: { kind: 'setting', id: 'sessions' }, before, after: body }
    }),
  )
  serve(app, house, settings.oidc, async ({ read }) => ({ oidc: (await read(readOidc)) ?? null }))
  serve(app, house, settings.setOidc, async ({ body, read, act }) => {
    const { clientSecret: _secret, ...oidc } = body
    const secret = await read((tx) => secretFor(house, tx, body))
    await discoverProvider(oidc, secret)
    return await act(async (tx) => {
      const before = await readOidc(tx)
      await writeOidc(house, tx, { oidc, secret })
      return { reply: { oidc }, subject: { kind: 'setting', id: 'oidc' }, before: before ?? null, after: oidc }
    })
  })
  serve(app, house, settings.removeOidc, ({ act }) =>
    act(async (tx) => {
      const before = (await readOidc(tx)) ?? null
      await removeSetting(tx, 'oidc')
      return { reply: {}, subject: { kind: 'setting', id: 'oidc' }, before }
    }),
  )
}
