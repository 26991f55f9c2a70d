import { Fault } from '#base/fault.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import type { signIn } from '#contract/sign-in.ts'
import { everything } from '#service/catalog/scope.ts'
import { homeTenantOf, type PersonCaller } from '#service/http/caller.ts'
import { credentialOf, type Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { findAccount, findAccountByName, type Account } from './accounts.store.ts'
import { grantsOf } from './credentials.store.ts'
import { clearSessionCookie, openSession, setSessionCookie, signedIn } from './open-session.ts'
import { provePassword, proveSecondStep } from './prove.ts'
import { endSession, findPendingSession } from './sessions.store.ts'
import { hashOfToken } from './token.ts'

/** Name and password. Without a second factor that is all; with one the reply is good for the second step alone. */
export async function signInWithPassword(house: House, call: Call<typeof signIn.password>): Promise<ReplyOf<typeof signIn.password>> {
  const account = await house.catalog.as(everything, (tx) => findAccountByName(tx, call.body.name))
  const proved = await provePassword(house, call, { account, password: call.body.password, code: 'SIGN_IN_REFUSED' })
  const known = proved.account
  const isPending = known.totpSecretSealed !== null
  // Failures of the second step still count: else the right password would wipe them out.
  await (isPending ? proved.takeBack() : proved.clear())
  const session = await call.act(async (tx) => ({
    reply: await openSession(house, tx, { userId: known.id, request: call.request, isPending }),
    ...(await byThemselves(tx, known)),
    facts: { step: isPending ? 'password, first of two' : 'password' },
  }))
  setSessionCookie(house, call.wire.reply, session.token)
  if (isPending) return { next: 'totp', token: session.token, expiresAt: session.expiresAt.toISOString() }
  return signedIn(session, known)
}

/** The second step, by a code or by a recovery code. */
export async function signInWithTotp(house: House, call: Call<typeof signIn.totp>): Promise<ReplyOf<typeof signIn.totp>> {
  const { session, bearer } = credentialOf(call.wire.request)
  const tokenHash = hashOfToken(bearer ?? session ?? '')
  const { pending, account } = await house.catalog.as(everything, async (tx) => {
    const found = await findPendingSession(tx, tokenHash, house.clock.now())
    return { pending: found, account: found && (await findAccount(tx, found.userId)) }
  })
  if (!pending || !account) throw new Fault('NOT_SIGNED_IN', 'no sign-in waits for its second step, or it waited too long')
  const proved = await proveSecondStep(house, call, { account, given: call.body, code: 'SIGN_IN_REFUSED' })
  await proved.clear()
  const opened = await call.act(async (tx) => {
    if (!(await endSession(tx, pending.id, house.clock.now()))) throw new Fault('NOT_SIGNED_IN', 'this sign-in was carried on already')
    return {
      reply: await openSession(house, tx, { userId: account.id, request: call.request }),
      ...(await byThemselves(tx, account)),
      facts: { step: 'code' in call.body ? 'code' : 'recovery code' },
    }
  })
  setSessionCookie(house, call.wire.reply, opened.token)
  return signedIn(opened, account)
}

export async function signOut(house: House, call: Call<typeof signIn.end>): Promise<ReplyOf<typeof signIn.end>> {
  const caller = call.caller as PersonCaller
  await call.act(async (tx) => {
    await endSession(tx, caller.credentialId, house.clock.now())
    return { reply: {}, tenantId: homeTenantOf(caller.grants), subject: { kind: 'user', id: caller.userId, name: caller.name } }
  })
  clearSessionCookie(house, call.wire.reply)
  return {}
}

async function byThemselves(tx: Parameters<typeof grantsOf>[0], { id, name }: Account) {
  return { tenantId: homeTenantOf(await grantsOf(tx, id)), actor: { id, name }, subject: { kind: 'user', id, name } }
}
