import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import type { people } from '#contract/people.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import { ownUrl } from '#service/config.ts'
import { homeTenantOf } from '#service/http/caller.ts'
import type { Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { clearTries, findAccount, lastPasswords, setPassword } from './accounts.store.ts'
import { grantsOf } from './credentials.store.ts'
import { assertGoodPassword, hashPassword } from './password.ts'
import { findPasswordLink, replacePasswordLink, usePasswordLinkOnce } from './password-links.store.ts'
import { endSessionsOf } from './sessions.store.ts'
import { hashOfToken, newToken } from './token.ts'

/** Lets its reader set the password of that account, once. The one before ends. */
export async function newPasswordLink(
  { clock, random, config }: House,
  tx: Tx,
  userId: string,
): Promise<{ readonly link: string; readonly expiresAt: string }> {
  const [token, at] = [newToken(random, 'itp'), clock.now()]
  const expiresAt = new Date(at.getTime() + limits.passwordLinkMs)
  await replacePasswordLink(tx, { userId, tokenHash: hashOfToken(token), at, expiresAt })
  return { link: `${ownUrl(config)}/set-password#${token}`, expiresAt: expiresAt.toISOString() }
}

export async function setPasswordByLink(
  house: House,
  call: Call<typeof people.usePasswordLink>,
): Promise<ReplyOf<typeof people.usePasswordLink>> {
  const { token, password } = call.body
  const tokenHash = hashOfToken(token)
  const { account, earlier } = await house.catalog.as(everything, async (tx) => {
    const link = await findPasswordLink(tx, tokenHash, house.clock.now())
    const found = link && (await findAccount(tx, link.userId))
    return { account: found, earlier: found ? await lastPasswords(tx, found.id) : [] }
  })
  if (!account) throw linkFault()
  const { id, name } = account
  await assertGoodPassword(password, name, earlier)
  const hash = await hashPassword(password, house.random)
  return await call.act(async (tx) => {
    const at = house.clock.now()
    if (!(await usePasswordLinkOnce(tx, tokenHash, at))) throw linkFault()
    await setPassword(tx, id, { hash, at, mustChange: false })
    await clearTries(tx, id)
    const endedSessions = await endSessionsOf(tx, id, { at })
    const tenantId = homeTenantOf(await grantsOf(tx, id))
    return { reply: {}, tenantId, actor: { id, name }, subject: { kind: 'user', id, name }, facts: { endedSessions } }
  })
}

function linkFault(): Fault {
  return new Fault('PASSWORD_LINK', 'the link was used, has expired, or never was')
}
