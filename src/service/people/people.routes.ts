import type { FastifyInstance } from 'fastify'
import { Fault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import { people } from '#contract/people.ts'
import { anywhere, boundsOf } from '#service/catalog/page.ts'
import { everything } from '#service/catalog/scope.ts'
import { serve } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { startTicker } from '#service/ticker.ts'
import { clearTries } from './accounts.store.ts'
import { removeExpired } from './expired.store.ts'
import { keysOf, revokeKey } from './keys.store.ts'
import { newPasswordLink, setPasswordByLink } from './password-links.ts'
import {
  aboutPerson,
  asPerson,
  careFor,
  createPerson,
  editAccount,
  grantRole,
  knownPerson,
  ownPerson,
  retireAccount,
  revokeRole,
} from './people.ts'
import { listPeople } from './people.store.ts'
import { addPeopleSettings } from './settings.routes.ts'
import { endSessionsOf } from './sessions.store.ts'
import { removeTotp } from './totp.store.ts'

const expiredEveryMs = durations.hour

export function addPeople(app: FastifyInstance, house: House): void {
  serve(app, house, people.list, async ({ query, scope, read }) => {
    const { page, pageSize, search, retired } = query
    const wanted = { search: search && anywhere(search), withRetired: retired === 'true', ...boundsOf(query) }
    const { rows, total } = await read((tx) => listPeople(tx, scope, wanted))
    return { rows: rows.map((row) => asPerson(row, scope)), total, page, pageSize }
  })
  serve(app, house, people.details, async ({ params, scope, read }) =>
    asPerson(await read((tx) => knownPerson(tx, scope, params.id)), scope),
  )
  serve(app, house, people.create, (call) => createPerson(house, call))
  serve(app, house, people.edit, editAccount)
  serve(app, house, people.retire, (call) => retireAccount(house, call))
  serve(app, house, people.grant, (call) => grantRole(house, call))
  serve(app, house, people.revoke, revokeRole)
  addCare(app, house)
  addKeys(app, house)
  addPeopleSettings(app, house)
  const ticker = startTicker(house, { name: 'removing what has expired', everyMs: expiredEveryMs }, () =>
    house.catalog.as(everything, (tx) => removeExpired(tx, house.clock.now())),
  )
  app.addHook('onClose', () => ticker[Symbol.asyncDispose]())
}

/** When somebody lost what lets them in. */
function addCare(app: FastifyInstance, house: House): void {
  serve(app, house, people.usePasswordLink, (call) => setPasswordByLink(house, call))
  serve(app, house, people.passwordLink, ({ params, scope, act }) =>
    act(async (tx) => {
      const row = await ownPerson(tx, scope, params.id)
      return { reply: await newPasswordLink(house, tx, row.id), ...aboutPerson(row) }
    }),
  )
  serve(app, house, people.resetTotp, (call) =>
    careFor(call, { id: call.params.id, reason: call.body.reason }, async (tx, { id }) => {
      await removeTotp(tx, id)
      return { endedSessions: await endSessionsOf(tx, id, { at: house.clock.now() }) }
    }),
  )
  serve(app, house, people.unlock, (call) =>
    careFor(call, { id: call.params.id, reason: call.body.reason }, async (tx, { id, lockedUntil }) => {
      await clearTries(tx, id)
      return { lockedUntil: lockedUntil?.toISOString() ?? null }
    }),
  )
}

function addKeys(app: FastifyInstance, house: House): void {
  serve(app, house, people.keys, async ({ params, scope, read }) => ({
    rows: await read(async (tx) => await keysOf(tx, (await knownPerson(tx, scope, params.id)).id)),
  }))
  serve(app, house, people.revokeKey, ({ params, scope, act }) =>
    act(async (tx) => {
      const row = await ownPerson(tx, scope, params.id)
      const name = await revokeKey(tx, { id: params.keyId, userId: row.id, at: house.clock.now() })
      if (name === undefined) throw new Fault('NOT_FOUND', `${row.name} has no key ${params.keyId}`, { field: 'keyId' })
      return { reply: {}, ...aboutPerson(row), subject: { kind: 'key', id: params.keyId, name } }
    }),
  )
}
