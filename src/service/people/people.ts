import { Fault } from '#base/fault.ts'
import type { BodyOf, Endpoint } from '#contract/endpoint.ts'
import type { people, Person } from '#contract/people.ts'
import { isDuplicate } from '#service/catalog/catalog.ts'
import type { Scope, Tx } from '#service/catalog/scope.ts'
import type { Grant } from '#service/http/caller.ts'
import type { Call } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { tenantsIn } from '#service/tenants/tenants.store.ts'
import { insertAccount } from './accounts.store.ts'
import { insertGrant } from './grants.store.ts'
import { revokeKeysOf } from './keys.store.ts'
import { assertGoodPassword, hashPassword } from './password.ts'
import { newPasswordLink } from './password-links.ts'
import { deleteGrant, editPerson, findPerson, lockedAdministrators, lockPerson, retirePerson, type PersonRow } from './people.store.ts'
import { endSessionsOf } from './sessions.store.ts'

/** As a caller may see it: roles beyond their tenants are counted, not shown. */
export function asPerson({ grants, ...row }: PersonRow, scope: Scope): Person {
  const seen = grants.filter((grant) => isWithin(scope, grant))
  return {
    ...row,
    grants: seen,
    hasFurtherRoles: seen.length < grants.length,
    lockedUntil: row.lockedUntil?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    lastSignInAt: row.lastSignInAt?.toISOString() ?? null,
    retiredAt: row.retiredAt?.toISOString() ?? null,
  }
}

function isWithin(scope: Scope, { tenantId }: Pick<Grant, 'tenantId'>): boolean {
  return scope.kind === 'all' || (tenantId !== null && scope.ids.includes(tenantId))
}

export async function knownPerson(tx: Tx, scope: Scope, id: string): Promise<PersonRow> {
  return (await findPerson(tx, scope, id)) ?? notFound(id)
}

/** Somebody to be changed: an account that is open. Nobody else changes it until the end of the transaction. */
async function openPerson(tx: Tx, scope: Scope, id: string): Promise<PersonRow> {
  const row = (await lockPerson(tx, scope, id)) ?? notFound(id)
  if (row.retiredAt !== null) throw new Fault('PERSON_RETIRED', `the account ${row.name} is closed`)
  return row
}

/**
 * The account itself is changed by those alone who may change all that it may do: else an administrator of one tenant would
 * sign in as somebody of another, by a link or without their authenticator.
 */
export async function ownPerson(tx: Tx, scope: Scope, id: string): Promise<PersonRow> {
  const row = await openPerson(tx, scope, id)
  if (!row.grants.every((grant) => isWithin(scope, grant))) throw new Fault('ROLES_BEYOND', `${row.name} has roles in other tenants too`)
  return row
}

function notFound(id: string): never {
  throw new Fault('NOT_FOUND', `there is no account ${id}`, { field: 'id' })
}

/** For events: who it is about, and whose auditors read of it. */
export function aboutPerson({ id, name, grants }: Pick<PersonRow, 'id' | 'name' | 'grants'>) {
  const tenants = new Set(grants.map(({ tenantId }) => tenantId))
  return { tenantId: tenants.size === 1 ? [...tenants][0]! : null, subject: { kind: 'user', id, name } }
}

export async function createPerson(house: House, call: Call<typeof people.create>) {
  const { body, scope } = call
  if (body.password !== undefined) await assertGoodPassword(body.password, body.name, [])
  const passwordHash = body.password === undefined ? null : await hashPassword(body.password, house.random)
  return await call.act(async (tx) => {
    await assertMayGrant(tx, scope, body.grants)
    // Seen by nobody of a tenant otherwise, not even by who made it.
    if (scope.kind === 'tenants' && body.grants.length === 0)
      throw new Fault('INPUT_INVALID', 'grants: an account has a role in one of your tenants', { field: 'grants' })
    const id = await insertPerson(house, tx, { body, passwordHash })
    const link = passwordHash === null ? await newPasswordLink(house, tx, id) : null
    const row = await knownPerson(tx, scope, id)
    const { name, title, email, grants } = row
    return {
      reply: { person: asPerson(row, scope), passwordLink: link },
      ...aboutPerson(row),
      after: { name, title, email, roles: rolesOf(grants) },
    }
  })
}

interface PersonOrder {
  readonly body: BodyOf<typeof people.create>
  readonly passwordHash: string | null
}

async function insertPerson({ random, clock }: House, tx: Tx, { body, passwordHash }: PersonOrder): Promise<string> {
  const [id, at] = [random.uuid(), clock.now()]
  const { name, title, email = null } = body
  try {
    await insertAccount(tx, { id, name, title, email, passwordHash, mustChangePassword: passwordHash !== null, at })
  } catch (error) {
    // Also of a closed account: a name stands for one person for ever (21 CFR 11.100).
    throw isDuplicate(error, 'users_name') ? new Fault('NAME_TAKEN', `there is or was an account ${name}`, { field: 'name' }) : error
  }
  for (const { role, tenantId } of body.grants) await insertGrant(tx, { id: random.uuid(), userId: id, role, tenantId, at })
  return id
}

async function assertMayGrant(tx: Tx, scope: Scope, grants: readonly Grant[]): Promise<void> {
  const known = await tenantsIn(tx, scope)
  for (const { tenantId } of grants) {
    if (tenantId === null && scope.kind !== 'all')
      throw new Fault('ROLES_BEYOND', 'a role in the whole installation is given by its administrators alone', { field: 'tenantId' })
    if (tenantId !== null && !known.some(({ id }) => id === tenantId))
      throw new Fault('NOT_FOUND', `there is no tenant ${tenantId}`, { field: 'tenantId' })
  }
}

function rolesOf(grants: readonly Grant[]) {
  return grants.map(({ role, tenantId }) => ({ role, tenantId }))
}

export async function editAccount(call: Call<typeof people.edit>): Promise<Person> {
  const { params, body, scope } = call
  return await call.act(async (tx) => {
    const { title, email, ...before } = await ownPerson(tx, scope, params.id)
    const changes = { ...(body.title !== undefined && { title: body.title }), ...(body.email !== undefined && { email: body.email }) }
    await editPerson(tx, params.id, changes)
    const after = { title, email, ...changes }
    return { reply: asPerson({ ...before, ...after }, scope), ...aboutPerson(before), before: { title, email }, after }
  })
}

/** The account stays, with its name: signatures and the trail point to it. */
export async function retireAccount(house: House, call: Call<typeof people.retire>): Promise<Person> {
  const { params, body, scope } = call
  return await call.act(async (tx) => {
    const row = await ownPerson(tx, scope, params.id)
    await assertAnotherAdministrator(tx, row.grants)
    const at = house.clock.now()
    await retirePerson(tx, row.id, at)
    const facts = { endedSessions: await endSessionsOf(tx, row.id, { at }), endedKeys: await revokeKeysOf(tx, row.id, at) }
    return { reply: asPerson({ ...row, retiredAt: at }, scope), ...aboutPerson(row), reason: body.reason, facts }
  })
}

export async function grantRole(house: House, call: Call<typeof people.grant>): Promise<Person> {
  const { params, body, scope } = call
  return await call.act(async (tx) => {
    const row = await openPerson(tx, scope, params.id)
    await assertMayGrant(tx, scope, [body])
    const grant = { id: house.random.uuid(), userId: row.id, ...body, at: house.clock.now() }
    await insertGrant(tx, grant)
    const after = await knownPerson(tx, scope, row.id)
    return { reply: asPerson(after, scope), ...aboutChange(row, body), after: { role: body.role, tenantId: body.tenantId } }
  })
}

export async function revokeRole(call: Call<typeof people.revoke>): Promise<Person> {
  const { params, scope } = call
  return await call.act(async (tx) => {
    const row = await openPerson(tx, scope, params.id)
    const grant = row.grants.find(({ id, ...one }) => id === params.grantId && isWithin(scope, one))
    if (!grant) throw new Fault('NOT_FOUND', `${row.name} has no role ${params.grantId}`, { field: 'grantId' })
    await assertAnotherAdministrator(tx, [grant])
    await deleteGrant(tx, grant.id)
    const grants = row.grants.filter(({ id }) => id !== grant.id)
    return {
      reply: asPerson({ ...row, grants }, scope),
      ...aboutChange(row, grant),
      before: { role: grant.role, tenantId: grant.tenantId },
    }
  })
}

function aboutChange(row: PersonRow, { tenantId }: Grant) {
  return { ...aboutPerson(row), tenantId }
}

/** An installation always has somebody who may give roles. */
async function assertAnotherAdministrator(tx: Tx, lost: readonly Grant[]): Promise<void> {
  if (!lost.some(({ role, tenantId }) => role === 'SYSTEM_ADMIN' && tenantId === null)) return
  if ((await lockedAdministrators(tx)) <= 1) throw new Fault('LAST_ADMINISTRATOR', 'this is the last administrator of the installation')
}

/** One more act on an account of the caller's, which says why. */
export async function careFor<E extends Endpoint>(
  call: Call<E>,
  { id, reason }: { readonly id: string; readonly reason: string },
  work: (tx: Tx, row: PersonRow) => Promise<Readonly<Record<string, unknown>>>,
): Promise<Person> {
  return await call.act(async (tx) => {
    const row = await ownPerson(tx, call.scope, id)
    const facts = await work(tx, row)
    return { reply: asPerson(await knownPerson(tx, call.scope, id), call.scope), ...aboutPerson(row), reason, facts }
  })
}
