import { Fault } from '#base/fault.ts'
import type { Endpoint, ReplyOf } from '#contract/endpoint.ts'
import type { me } from '#contract/me.ts'
import { permissionMatrix, type Permission } from '#contract/permissions.ts'
import { everything } from '#service/catalog/scope.ts'
import { homeTenantOf, scopeOf, type Caller, type PersonCaller } from '#service/http/caller.ts'
import type { Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { tenantsIn } from '#service/tenants/tenants.store.ts'
import { findAccount, lastPasswords, setPassword, type Account } from './accounts.store.ts'
import { assertGoodPassword, hashPassword } from './password.ts'
import { provePassword } from './prove.ts'
import { acceptSigningPolicy, acceptedSigningPolicy, recoveryCodesLeft } from './totp.store.ts'
import { endSessionsOf, sessionEnds } from './sessions.store.ts'

const allPermissions = Object.keys(permissionMatrix) as Permission[]

/** Whoever is signed in; the gate let nobody else in. */
export function personOf<E extends Endpoint>({ caller }: Call<E>): PersonCaller {
  return assertPerson(caller)
}

function assertPerson(caller: Caller): PersonCaller {
  if (caller.kind === 'nobody') throw new Fault('NOT_SIGNED_IN', 'nobody is signed in')
  return caller
}

export async function ownAccount<E extends Endpoint>(house: House, call: Call<E>): Promise<Account> {
  const account = await house.catalog.as(everything, (tx) => findAccount(tx, personOf(call).userId))
  if (!account) throw new Fault('NOT_SIGNED_IN', 'the account was retired')
  return account
}

/** For events about somebody's own account. */
export function aboutThemselves({ userId, name, grants }: PersonCaller) {
  return { tenantId: homeTenantOf(grants), subject: { kind: 'user', id: userId, name } }
}

export async function showMe(house: House, call: Call<typeof me.show>): Promise<ReplyOf<typeof me.show>> {
  const caller = personOf(call)
  const account = await ownAccount(house, call)
  const isEverywhere = caller.grants.some(({ tenantId }) => tenantId === null)
  const ids = caller.grants.flatMap(({ tenantId }) => tenantId ?? [])
  const { tenants, ends, codesLeft, policy } = await house.catalog.as(everything, async (tx) => ({
    tenants: await tenantsIn(tx, isEverywhere ? everything : { kind: 'tenants', ids }),
    codesLeft: await recoveryCodesLeft(tx, account.id),
    policy: await acceptedSigningPolicy(tx, account.id),
    ends: caller.kind === 'user' ? await sessionEnds(tx, caller.credentialId) : undefined,
  }))
  return {
    id: account.id,
    name: account.name,
    title: account.title,
    email: account.email,
    kind: caller.kind,
    grants: caller.grants.map(({ role, tenantId }) => ({ role, tenantId })),
    tenants: [...tenants],
    permissions: allPermissions.flatMap((permission) => {
      const scope = scopeOf(caller, permission)
      return scope === undefined ? [] : [{ permission, tenantIds: scope.kind === 'all' ? null : [...scope.ids] }]
    }),
    hasPassword: account.passwordHash !== null,
    mustChangePassword: account.mustChangePassword,
    isTotpEnrolled: account.totpSecretSealed !== null,
    recoveryCodesLeft: codesLeft,
    signingPolicyVersion: policy ?? null,
    session: ends ? { idleUntil: ends.idleUntil.toISOString(), expiresAt: ends.expiresAt.toISOString() } : null,
  }
}

/** With the current one, even in a session: a screen left open is nobody's password. */
export async function changePassword(house: House, call: Call<typeof me.changePassword>): Promise<ReplyOf<typeof me.changePassword>> {
  const caller = personOf(call)
  const account = await ownAccount(house, call)
  const { currentPassword, newPassword } = call.body
  await (await provePassword(house, call, { account, password: currentPassword, code: 'REAUTHENTICATION' })).takeBack()
  const earlier = await house.catalog.as(everything, (tx) => lastPasswords(tx, account.id))
  await assertGoodPassword(newPassword, account.name, earlier)
  const hash = await hashPassword(newPassword, house.random)
  return await call.act(async (tx) => {
    const at = house.clock.now()
    await setPassword(tx, account.id, { hash, at, mustChange: false })
    const endedSessions = await endSessionsOf(tx, account.id, { at, except: caller.credentialId })
    return { reply: {}, ...aboutThemselves(caller), facts: { endedSessions } }
  })
}

export async function acceptPolicy(
  house: House,
  call: Call<typeof me.acceptSigningPolicy>,
): Promise<ReplyOf<typeof me.acceptSigningPolicy>> {
  const caller = personOf(call)
  const { version } = call.body
  return await call.act(async (tx) => {
    await acceptSigningPolicy(tx, caller.userId, { version, at: house.clock.now(), address: call.request.address })
    return { reply: {}, ...aboutThemselves(caller), after: { signingPolicy: version } }
  })
}
