import { Fault, isFault } from '#base/fault.ts'
import { systemSettingsSchema, type SystemSettings } from '#base/settings.ts'
import { parseDatabaseUrl, type DatabaseTarget } from '#engine/sources/postgres/target.ts'
import { systemTestSchema, type SystemView } from '#contract/systems.ts'
import { isDuplicate } from '#service/catalog/catalog.ts'
import type { Scope, Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { DatabasePassword } from '#service/jobs/job-kind.ts'
import {
  findSystem,
  insertSystem,
  lockSystem,
  markRetired,
  openRunsOf,
  replacePasswords,
  sealedPasswords,
  updateSystem,
  withNames,
  type ListedSystem,
  type SealedPassword,
  type StoredSystem,
  type SystemValues,
} from './systems.store.ts'

/** NOT_FOUND for what is not visible in the transaction's scope. */
export async function knownSystem(tx: Tx, id: string): Promise<StoredSystem> {
  const row = await findSystem(tx, id)
  if (!row) throw new Fault('NOT_FOUND', `there is no system ${id}`)
  return row
}

/** The same for what would be done with it from now on: a retired one is refused. */
export async function activeSystem(tx: Tx, id: string): Promise<StoredSystem> {
  return assertActive(await knownSystem(tx, id))
}

function assertActive(row: StoredSystem): StoredSystem {
  if (row.retired_at !== null) throw new Fault('RETIRED', `system ${row.name} is retired`, { name: row.name })
  return row
}

/** What a job needs of a system. The passwords are for a child's own password file, and for nothing else. */
export interface SystemSources {
  readonly databases: readonly { readonly name: string; readonly target: DatabaseTarget }[]
  readonly roots: readonly { readonly name: string; readonly path: string }[]
  readonly settings: SystemSettings
  readonly databasePasswords: readonly DatabasePassword[]
}

export async function systemSources(house: House, tx: Tx, row: StoredSystem): Promise<SystemSources> {
  const databases = row.databases.map(({ name, url }) => ({ name, target: parseDatabaseUrl(name, url, {}) }))
  const passwords = await passwordsOf(house, tx, row.id)
  return {
    databases,
    roots: row.roots,
    // PostgreSQL keeps the keys of a document in an order of its own; a plan's digest is over the schema's.
    settings: systemSettingsSchema.parse(row.settings),
    databasePasswords: databases.flatMap(({ name, target: { host, port, user } }) => {
      const password = passwords.get(name)
      // Staging and kept databases have names of their own.
      return password === undefined ? [] : [{ host, port, database: '*', user, password }]
    }),
  }
}

export async function passwordsOf(house: House, tx: Tx, systemId: string): Promise<Map<string, string>> {
  const sealed = await sealedPasswords(tx, systemId)
  return new Map(sealed.map(({ name, sealed: bytes }) => [name, house.sealing.unseal(bytes, useOf(systemId, name))]))
}

export async function systemView(tx: Tx, row: StoredSystem): Promise<SystemView> {
  const [listed] = await withNames(tx, [row])
  return viewOf(listed!)
}

export function viewOf(row: ListedSystem): SystemView {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    title: row.title,
    description: row.description,
    repository: { id: row.repository_id, name: row.repositoryName },
    databases: row.databases.map(({ name, url }) => ({ name, url, hasPassword: row.passwords.includes(name) })),
    roots: [...row.roots],
    settings: row.settings,
    requiresSecondApprover: row.requires_second_approver,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
    retiredAt: row.retired_at?.toISOString() ?? null,
    lastTest: systemTestSchema.nullable().parse(row.last_test ?? null),
  }
}

/** A database as it was sent: a password that is absent stays as it is, one that is null goes. */
export interface GivenDatabase {
  readonly name: string
  readonly url: string
  readonly password?: string | null | undefined
}

/** DATABASE_URL with the field of the one that is wrong. Nothing of the service's own environment fills what is absent. */
export function targetOf({ name, url }: GivenDatabase, index: number): DatabaseTarget {
  try {
    return parseDatabaseUrl(name, url, {})
  } catch (error) {
    throw isFault(error)
      ? new Fault(error.code, error.message, { ...error.facts, field: `databases.${index}.url` }, { cause: error })
      : error
  }
}

export async function registerSystem(
  house: House,
  tx: Tx,
  wanted: Omit<SystemValues, 'databases'> & {
    readonly tenantId: string
    readonly name: string
    readonly databases: readonly GivenDatabase[]
  },
): Promise<StoredSystem> {
  const { tenantId, name, databases, ...values } = wanted
  const id = house.random.uuid()
  try {
    const row = await insertSystem(
      tx,
      { id, tenantId, name, at: house.clock.now() },
      { ...values, databases: databases.map(withoutPassword) },
    )
    await replacePasswords(tx, { systemId: id, tenantId }, sealAll(house, id, { databases, before: [], kept: new Map() }))
    return row
  } catch (error) {
    throw isDuplicate(error) ? new Fault('NAME_TAKEN', `there is a system ${name} already`, { field: 'name' }) : error
  }
}

export type SystemChange = { readonly [Name in keyof SystemValues]?: SystemValues[Name] | undefined } & {
  readonly databases?: readonly GivenDatabase[] | undefined
}

/** What was named is changed; the rest stays. */
export async function editSystem(
  house: House,
  tx: Tx,
  { id, change }: { readonly id: string; readonly change: SystemChange },
): Promise<{ readonly before: StoredSystem; readonly after: StoredSystem }> {
  const found = await lockSystem(tx, id)
  if (!found) throw new Fault('NOT_FOUND', `there is no system ${id}`)
  const before = assertActive(found)
  const { databases, ...rest } = change
  const values: SystemValues = {
    title: rest.title ?? before.title,
    description: rest.description ?? before.description,
    repositoryId: rest.repositoryId ?? before.repository_id,
    databases: databases?.map(withoutPassword) ?? before.databases,
    roots: rest.roots ?? before.roots,
    settings: rest.settings ?? before.settings,
    requiresSecondApprover: rest.requiresSecondApprover ?? before.requires_second_approver,
  }
  if (values.databases.length + values.roots.length === 0)
    throw new Fault('INPUT_INVALID', 'a system has a database or a root', { field: 'databases' })
  if (databases) {
    const kept = new Map((await sealedPasswords(tx, id)).map((one) => [one.name, one]))
    const sealed = sealAll(house, id, { databases, before: before.databases, kept })
    await replacePasswords(tx, { systemId: id, tenantId: before.tenant_id }, sealed)
  }
  return { before, after: await updateSystem(tx, { id, at: house.clock.now() }, values) }
}

interface Sealed {
  readonly databases: readonly GivenDatabase[]
  readonly before: readonly { readonly name: string; readonly url: string }[]
  readonly kept: ReadonlyMap<string, SealedPassword>
}

/**
 * A password stays with the place that it was given for: sent elsewhere, it would tell itself to whoever listens there.
 */
function sealAll(house: House, systemId: string, { databases, before, kept }: Sealed): SealedPassword[] {
  return databases.flatMap((database, index): SealedPassword[] => {
    const { name, password } = database
    if (password === null) return []
    if (password !== undefined) return [{ name, sealed: house.sealing.seal(password, useOf(systemId, name)) }]
    const [old, earlier] = [kept.get(name), before.find((one) => one.name === name)]
    if (!old || !earlier) return []
    if (placeOf(targetOf(earlier, index)) === placeOf(targetOf(database, index))) return [old]
    throw new Fault('INPUT_INVALID', `database ${name} has another place or role now, so its password is to be given again, or null`, {
      field: `databases.${index}.password`,
    })
  })
}

function placeOf({ host, port, user, sslMode, sslRootCertificate }: DatabaseTarget): string {
  return JSON.stringify([host, port, user, sslMode, sslRootCertificate])
}

function withoutPassword({ name, url }: GivenDatabase): { name: string; url: string } {
  return { name, url }
}

export async function retireSystem(tx: Tx, id: string, at: Date): Promise<StoredSystem> {
  const found = await lockSystem(tx, id)
  if (!found) throw new Fault('NOT_FOUND', `there is no system ${id}`)
  const { name } = assertActive(found)
  const running = await openRunsOf(tx, id)
  if (running.length > 0) throw new Fault('SYSTEM_BUSY', `system ${name} has jobs that go on: ${running.join(', ')}`, { name })
  return await markRetired(tx, id, at)
}

/**
 * Programs that the service runs, and files that it sends, are for whoever may say what happens on its machine: an
 * administrator of one tenant may not.
 */
export function assertMaySetHooks(scope: Scope, before: SystemSettings | undefined, wanted: SystemSettings): void {
  if (scope.kind === 'all' || JSON.stringify(before?.hooks ?? {}) === JSON.stringify(wanted.hooks)) return
  const hooks = Object.values(wanted.hooks).filter((hook) => hook !== undefined)
  const isOfMachine = hooks.some((hook) => 'command' in hook || Object.values(hook.headers).some((value) => typeof value !== 'string'))
  if (isOfMachine)
    throw new Fault('FORBIDDEN', 'hooks that run programs or read files are set by an administrator of the whole installation', {
      field: 'settings.hooks',
    })
}

function useOf(systemId: string, name: string): string {
  return `system-database:${systemId}:${name}`
}
