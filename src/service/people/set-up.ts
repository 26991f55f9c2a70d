import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { BodyOf, ReplyOf } from '#contract/endpoint.ts'
import type { signIn } from '#contract/sign-in.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { findTenantByName, insertTenant } from '#service/tenants/tenants.store.ts'
import { findAccountByName, insertAccount, setPassword } from './accounts.store.ts'
import { insertGrant } from './grants.store.ts'
import { openSession, setSessionCookie, signedIn } from './open-session.ts'
import { assertGoodPassword, hashPassword } from './password.ts'
import { isSetUp, isSetUpToken, replaceSetUpToken, useSetUpToken } from './set-up.store.ts'
import { hashOfToken, newToken } from './token.ts'

/** Of an installation that nobody has set up: the link that lets its reader do it, once and within a day. The one before ends. */
export async function newSetUpLink({ catalog, clock, random, config }: House, url: string): Promise<string | undefined> {
  return await catalog.as(everything, async (tx) => {
    if (await isSetUp(tx)) return undefined
    const token = newToken(random, 'itu')
    const at = clock.now()
    await replaceSetUpToken(tx, hashOfToken(token), { at, expiresAt: new Date(at.getTime() + limits.setUpLinkMs) })
    // Behind the number sign: no log of a proxy has it.
    return `${config.publicUrl ?? url}/set-up#${token}`
  })
}

/** The first administrator and the first tenant, in one transaction with the end of the link. */
export async function setUp(house: House, call: Call<typeof signIn.setUp>): Promise<ReplyOf<typeof signIn.setUp>> {
  const { body, request } = call
  const tokenHash = hashOfToken(body.token)
  // Looked at first, so that nobody without it makes us hash.
  if (!(await house.catalog.as(everything, (tx) => isSetUpToken(tx, tokenHash, house.clock.now())))) throw linkFault()
  await assertGoodPassword(body.password, body.name, [])
  const passwordHash = await hashPassword(body.password, house.random)
  const { session, tenantId, userId } = await call.act(async (tx) => {
    const at = house.clock.now()
    if (!(await useSetUpToken(tx, tokenHash, at))) throw linkFault()
    const newTenantId = await theTenant(house, tx, body.tenant)
    const newUserId = await theAccount(house, tx, { account: accountOf(body), passwordHash })
    await insertGrant(tx, { id: house.random.uuid(), userId: newUserId, role: 'SYSTEM_ADMIN', tenantId: null, at })
    const opened = await openSession(house, tx, { userId: newUserId, request })
    return {
      reply: { session: opened, tenantId: newTenantId, userId: newUserId },
      actor: { id: newUserId, name: body.name },
      subject: { kind: 'user', id: newUserId, name: body.name },
      after: { ...accountOf(body), roles: [{ role: 'SYSTEM_ADMIN', tenantId: null }], tenant: { id: newTenantId, ...body.tenant } },
    }
  })
  setSessionCookie(house, call.wire.reply, session.token)
  return { ...signedIn(session, { id: userId, mustChangePassword: false }), tenantId }
}

/** Where the catalog was rebuilt from a repository it is there already. */
async function theTenant(house: House, tx: Tx, tenant: BodyOf<typeof signIn.setUp>['tenant']): Promise<string> {
  const known = await findTenantByName(tx, tenant.name)
  if (known !== undefined) return known
  const id = house.random.uuid()
  await insertTenant(tx, { id, ...tenant, at: house.clock.now() })
  return id
}

/** Likewise: nobody can sign in yet, so whoever holds the link may take up their account of before. */
async function theAccount(
  house: House,
  tx: Tx,
  { account, passwordHash }: { readonly account: ReturnType<typeof accountOf>; readonly passwordHash: string },
): Promise<string> {
  const at = house.clock.now()
  const known = await findAccountByName(tx, account.name)
  if (known) {
    await setPassword(tx, known.id, { hash: passwordHash, at, mustChange: false })
    return known.id
  }
  const id = house.random.uuid()
  await insertAccount(tx, { ...account, id, passwordHash, mustChangePassword: false, at })
  return id
}

function accountOf({ name, title, email }: BodyOf<typeof signIn.setUp>) {
  return { name, title, email: email ?? null }
}

function linkFault(): Fault {
  return new Fault('SET_UP_LINK', 'the set-up link was used, has expired, or never was')
}
