import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import type { OidcSettings } from '#contract/settings.ts'
import type { signIn } from '#contract/sign-in.ts'
import { textSchema } from '#contract/shapes.ts'
import { accountNameSchema } from '#contract/sign-in.ts'
import type { Tx } from '#service/catalog/scope.ts'
import { everything } from '#service/catalog/scope.ts'
import { homeTenantOf, type Grant } from '#service/http/caller.ts'
import type { Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { tenantsIn } from '#service/tenants/tenants.store.ts'
import { insertAccount } from './accounts.store.ts'
import { insertGrant } from './grants.store.ts'
import { findAnyByName, findByOidc, linkOidc, type OidcAccount } from './oidc.store.ts'
import { openSession, type OpenedSession } from './open-session.ts'
import { deleteGrant, findPerson, lockedAdministrators, lockPerson } from './people.store.ts'

/** Whom a provider vouches for. */
export interface OidcPerson {
  readonly issuer: string
  readonly subject: string
  readonly name: string | undefined
  readonly title: string | undefined
  readonly email: string | undefined
  /** Of the claim that roles are read from. */
  readonly values: readonly string[]
}

export interface Vouched {
  readonly oidc: OidcSettings
  readonly person: OidcPerson
}

/** A session for the account that the provider means: known to be theirs, waiting for them, or made now. */
export async function admitByOidc(house: House, call: Call<typeof signIn.oidcCallback>, { oidc, person }: Vouched): Promise<OpenedSession> {
  return await call.act(async (tx) => {
    const { account, isNew } = await accountFor(house, tx, { oidc, person })
    const roles = await alignRoles(house, tx, { userId: account.id, oidc, person })
    const session = await openSession(house, tx, { userId: account.id, request: call.request })
    const { id, name } = account
    const grants = (await findPerson(tx, everything, id))!.grants
    return {
      reply: session,
      tenantId: homeTenantOf(grants),
      actor: { id, name },
      subject: { kind: 'user', id, name },
      ...(roles && { before: { roles: roles.before }, after: { roles: roles.after } }),
      facts: { issuer: person.issuer, subject: person.subject, isNew },
    }
  })
}

async function accountFor(
  house: House,
  tx: Tx,
  { oidc, person }: Vouched,
): Promise<{ readonly account: OidcAccount; readonly isNew: boolean }> {
  const { issuer, subject, name } = person
  const linked = await findByOidc(tx, issuer, subject)
  if (linked) {
    if (linked.isRetired) throw new Fault('OIDC_NO_ACCOUNT', `the account ${linked.name} is closed`)
    return { account: linked, isNew: false }
  }
  const checked = accountNameSchema.safeParse(name)
  if (!checked.success) throw new Fault('OIDC_NO_ACCOUNT', `the provider gave no name of an account in its claim ${oidc.nameClaim}`)
  const waiting = await findAnyByName(tx, checked.data)
  if (waiting) {
    // Whoever names people at the provider shall not become somebody who signs in here with a password of their own.
    if (waiting.isRetired || waiting.hasPassword || waiting.isLinked)
      throw new Fault('OIDC_NO_ACCOUNT', `the account ${waiting.name} is not one that waits for its first sign-in through the provider`)
    await linkOidc(tx, waiting.id, { issuer, subject })
    return { account: waiting, isNew: false }
  }
  if (!oidc.createsAccounts) throw new Fault('OIDC_NO_ACCOUNT', `there is no account ${checked.data}`)
  return { account: await makeAccount(house, tx, { ...person, name: checked.data }), isNew: true }
}

async function makeAccount({ random, clock }: House, tx: Tx, person: OidcPerson & { readonly name: string }): Promise<OidcAccount> {
  const id = random.uuid()
  const { name } = person
  const title = textSchema(200).safeParse(person.title).data ?? name
  const email = z.email().max(320).safeParse(person.email).data ?? null
  await insertAccount(tx, { id, name, title, email, passwordHash: null, mustChangePassword: false, at: clock.now() })
  await linkOidc(tx, id, person)
  return { id, name, hasPassword: false, isRetired: false, isLinked: true }
}

interface Aligned {
  readonly before: readonly Grant[]
  readonly after: readonly Grant[]
}

/** The roles that the mapping speaks of follow the claim; those that were given here stay. Undefined: nothing changed. */
async function alignRoles(
  { random, clock }: House,
  tx: Tx,
  { userId, oidc, person }: Vouched & { readonly userId: string },
): Promise<Aligned | undefined> {
  if (oidc.roleMapping === null) return undefined
  const { grants } = (await lockPerson(tx, everything, userId))!
  const known = new Set((await tenantsIn(tx, everything)).map(({ id }) => id))
  const mapped = oidc.roleMapping.roles.filter(({ tenantId }) => tenantId === null || known.has(tenantId))
  const wanted = mapped.filter(({ value }) => person.values.includes(value))
  const lost = grants.filter((grant) => holds(mapped, grant) && !holds(wanted, grant))
  const missing = wanted.filter((grant, index) => !holds(grants, grant) && !holds(wanted.slice(0, index), grant))
  for (const grant of lost) if (await mayLose(tx, grant)) await deleteGrant(tx, grant.id)
  for (const { role, tenantId } of missing) await insertGrant(tx, { id: random.uuid(), userId, role, tenantId, at: clock.now() })
  if (lost.length === 0 && missing.length === 0) return undefined
  const after = (await findPerson(tx, everything, userId))!.grants
  return { before: grants.map(bare), after: after.map(bare) }
}

function holds(list: readonly Grant[], grant: Grant): boolean {
  return list.some(({ role, tenantId }) => role === grant.role && tenantId === grant.tenantId)
}

function bare({ role, tenantId }: Grant): Grant {
  return { role, tenantId }
}

/** A provider takes no installation its last administrator. */
async function mayLose(tx: Tx, { role, tenantId }: Grant): Promise<boolean> {
  return role !== 'SYSTEM_ADMIN' || tenantId !== null || (await lockedAdministrators(tx)) > 1
}
