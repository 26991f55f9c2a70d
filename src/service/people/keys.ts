import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import type { keys } from '#contract/keys.ts'
import { isDuplicate } from '#service/catalog/catalog.ts'
import { everything } from '#service/catalog/scope.ts'
import { scopeOf } from '#service/http/caller.ts'
import type { Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { insertKey, keysOf, revokeKey } from './keys.store.ts'
import { aboutThemselves, personOf } from './me.ts'
import { hashOfToken, newToken } from './token.ts'

export async function listOwnKeys(house: House, call: Call<typeof keys.list>): Promise<ReplyOf<typeof keys.list>> {
  return { rows: await house.catalog.as(everything, (tx) => keysOf(tx, personOf(call).userId)) }
}

/** A part of what its owner may do, in the same tenants; what they lose, it loses. */
export async function createKey(house: House, call: Call<typeof keys.create>): Promise<ReplyOf<typeof keys.create>> {
  const caller = personOf(call)
  const { name } = call.body
  const permissions = [...new Set(call.body.permissions)]
  for (const permission of permissions) {
    if (scopeOf(caller, permission) === undefined)
      throw new Fault('FORBIDDEN', `${caller.name} has no permission ${permission} to pass on`, { permission, field: 'permissions' })
  }
  const at = house.clock.now()
  const expiresAt = new Date(call.body.expiresAt)
  if (expiresAt <= at || expiresAt.getTime() - at.getTime() > limits.keyMsMax)
    throw new Fault('INPUT_INVALID', 'expiresAt: a key ends in the future, and within a year', { field: 'expiresAt' })
  const [id, token] = [house.random.uuid(), newToken(house.random, 'itk')]
  return await call.act(async (tx) => {
    try {
      await insertKey(tx, { id, userId: caller.userId, name, tokenHash: hashOfToken(token), permissions, at, expiresAt })
    } catch (error) {
      throw isDuplicate(error) ? new Fault('NAME_TAKEN', `there is or was a key ${name}`, { field: 'name' }) : error
    }
    const key = (await keysOf(tx, caller.userId)).find((one) => one.id === id)!
    const subject = { kind: 'key', id, name }
    return { reply: { key, token }, ...aboutThemselves(caller), subject, after: { permissions, expiresAt: key.expiresAt } }
  })
}

export async function revokeOwnKey(house: House, call: Call<typeof keys.revoke>): Promise<ReplyOf<typeof keys.revoke>> {
  const caller = personOf(call)
  const { id } = call.params
  return await call.act(async (tx) => {
    const name = await revokeKey(tx, { id, userId: caller.userId, at: house.clock.now() })
    if (name === undefined) throw new Fault('NOT_FOUND', `there is no key ${id} of yours`, { field: 'id' })
    return { reply: {}, ...aboutThemselves(caller), subject: { kind: 'key', id, name } }
  })
}
