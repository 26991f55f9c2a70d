import { isFault } from '#base/fault.ts'
import { defaultSettings } from '#base/settings.ts'
import { backupsAmong, openBackup, type Backup } from '#engine/backup/backups.ts'
import { openRepository } from '#engine/repository/open.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { printDatabaseUrl } from '#engine/sources/postgres/target.ts'
import { openStorage } from '#engine/storage/storages.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { everything, within, type Tx } from '#service/catalog/scope.ts'
import { enterRecordedHolds } from '#service/holds/recorded.ts'
import type { House } from '#service/house.ts'
import { makeRepository, openRepositoryOf, registerRepository } from '#service/repositories/repositories.ts'
import type { StoredRepository } from '#service/repositories/repositories.store.ts'
import { findCopy, isRoomFor, keepTrail, takeRows, type TakenCopy } from '#service/self-backup/take-copy.ts'
import { registerSystem } from '#service/systems/systems.ts'
import { findTenantByName, insertTenant } from '#service/tenants/tenants.store.ts'
import { systemNamed } from './backups.store.ts'
import { reconcile, type Reconciled } from './reconcile.ts'
import { registeredAs } from './rebuild.store.ts'

export interface RebuildOrder {
  readonly place: string
  readonly password: string
  /** Of the tenant that gets it, when the repository is not registered yet. */
  readonly tenant: string
  /** Of the repository, likewise. */
  readonly name: string
}

export interface Rebuilt extends Reconciled {
  readonly tenant: string
  readonly repository: string
  /** Names of those that were registered by what their backups tell. */
  readonly systems: readonly string[]
  /** Legal holds in force that only the repository knew. */
  readonly holds: number
  /** What the copy of the catalog gave, and where the trail of before lies. Null: none was taken. */
  readonly copy: (TakenCopy & { readonly trail: string | null }) | null
}

/**
 * Puts into an empty catalog what a repository tells: by the newest copy of the catalog in it, whom it served and how; by
 * itself, systems with their sources, and every backup with its standing.
 */
export async function rebuildCatalog(house: House, order: RebuildOrder, signal: AbortSignal): Promise<Rebuilt> {
  const copy = await takenCopy(house, order, signal)
  const row = await registered(house, order, signal)
  await using lent = await openRepositoryOf(house, row, signal)
  const { repository } = lent
  const systems: string[] = []
  for (const system of await readSystems(repository, signal)) {
    if (await registerFound(house, row, system)) systems.push(system.name)
  }
  const reconciled = await reconcile(house, { row, repository }, signal)
  const holds = await enterRecordedHolds(house, { repositoryId: row.id, tenantId: row.tenant_id, repository }, signal)
  return { ...reconciled, tenant: row.tenant_id, repository: row.id, systems, holds, copy }
}

/** Null: the repository has none that can be read, or the catalog is in use already. */
async function takenCopy(house: House, { place, password, name }: RebuildOrder, signal: AbortSignal): Promise<Rebuilt['copy']> {
  const { clock, random, catalog } = house
  await using repository = await openRepository(openStorage(place, clock, random), password, { clock, random, signal })
  const found = await findCopy(house, repository, signal)
  if (!found) return null
  const isFree = async (tx: Tx) => (await isRoomFor(tx, found)) && (await registeredAs(tx, repository.id)) === undefined
  if (!(await catalog.as(everything, isFree))) return null
  const made = await makeRepository(house, { name, place, mode: 'connect', password, id: found.repositoryRowId }, signal)
  const columns = {
    place,
    password_sealed: `\\x${made.passwordSealed.toString('hex')}`,
    secrets_sealed: null,
    state: made.state,
    retired_at: null,
  }
  const at = clock.now()
  const taking = { at, isConfirmed: found.isConfirmed, repository: { repositoryId: repository.id, columns } }
  const trail = await keepTrail(house, { repository, found }, signal)
  const { tenant } = found.header
  return await catalog.as(within(tenant.id), async (tx) => {
    const taken = await takeRows({ repository, found, taking }, tx, signal)
    await recordSystemEvent(tx, house, {
      action: 'catalog.copy-taken',
      tenantId: tenant.id,
      subject: { kind: 'tenant', id: tenant.id, name: tenant.name },
      facts: { ...taken, place, trail: trail ?? null },
    })
    return { ...taken, trail: trail ?? null }
  })
}

/** The repository's row: the one that it has, or a new one. */
async function registered(house: House, { place, password, tenant, name }: RebuildOrder, signal: AbortSignal): Promise<StoredRepository> {
  const made = await makeRepository(house, { name, place, mode: 'connect', password }, signal)
  return await house.catalog.as(everything, async (tx) => {
    const known = await registeredAs(tx, made.repositoryId)
    if (known) return known
    const at = house.clock.now()
    const tenantId = (await findTenantByName(tx, tenant)) ?? house.random.uuid()
    if ((await findTenantByName(tx, tenant)) === undefined) await insertTenant(tx, { id: tenantId, name: tenant, title: tenant, at })
    const row = await registerRepository(tx, { tenantId, name, place, at }, made)
    await recordSystemEvent(tx, house, {
      action: 'catalog.rebuild',
      tenantId,
      subject: { kind: 'repository', id: row.id, name },
      facts: { place, repositoryId: made.repositoryId },
    })
    return row
  })
}

interface FoundSystem {
  readonly name: string
  readonly databases: Map<string, string>
  readonly roots: Map<string, string>
}

/** By the newest backup of each kind that can be read: where each source was captured last. */
async function readSystems(repository: Repository, signal: AbortSignal): Promise<FoundSystem[]> {
  const newestFirst = backupsAmong(await repository.snapshots(signal)).toReversed()
  const systems = new Map<string, FoundSystem>()
  for (const backups of Map.groupBy(newestFirst, ({ system, type }) => `${system} ${type}`).values()) {
    const { manifest } = (await firstReadable(repository, backups, signal)) ?? {}
    if (!manifest || manifest.imported) continue
    const system = systems.get(manifest.system) ?? { name: manifest.system, databases: new Map(), roots: new Map() }
    systems.set(manifest.system, system)
    for (const { name, source } of manifest.databases) if (!system.databases.has(name)) system.databases.set(name, printDatabaseUrl(source))
    for (const { name, path } of manifest.roots) if (!system.roots.has(name)) system.roots.set(name, path)
  }
  return [...systems.values()]
}

async function firstReadable(repository: Repository, backups: readonly Backup[], signal: AbortSignal) {
  for (const backup of backups) {
    try {
      return await openBackup(repository, backup, signal)
    } catch (error) {
      // An older one tells nearly the same.
      if (!isFault(error) || !error.isDamage) throw error
    }
  }
  return undefined
}

/** Without settings and passwords, which no backup holds. False when the tenant has a system of that name. */
async function registerFound(house: House, row: StoredRepository, { name, databases, roots }: FoundSystem): Promise<boolean> {
  return await house.catalog.as(within(row.tenant_id), async (tx) => {
    if (await systemNamed(tx, { tenantId: row.tenant_id, name })) return false
    const named = <Key extends string>(all: ReadonlyMap<string, string>, key: Key) =>
      [...all].map(([one, value]) => ({ name: one, [key]: value }) as { name: string } & Record<Key, string>)
    const system = await registerSystem(house, tx, {
      tenantId: row.tenant_id,
      name,
      title: name,
      description: 'found in its backups; its settings and passwords are to be given again',
      repositoryId: row.id,
      databases: named(databases, 'url'),
      roots: named(roots, 'path'),
      settings: defaultSettings,
      requiresSecondApprover: false,
    })
    await recordSystemEvent(tx, house, {
      action: 'system.found',
      tenantId: row.tenant_id,
      subject: { kind: 'system', id: system.id, name },
      facts: { repository: row.name },
    })
    return true
  })
}
