import path from 'node:path'
import { z } from 'zod'
import { isFault, Fault } from '#base/fault.ts'
import { addKey, openKey, removeKey } from '#engine/repository/keys.ts'
import { createRepository } from '#engine/repository/create.ts'
import { openRepository } from '#engine/repository/open.ts'
import { readRecoveryKey } from '#engine/repository/recovery-key.ts'
import { repositoryStatistics } from '#engine/repository/statistics.ts'
import { openStorage } from '#engine/storage/storages.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { repositoryStateSchema, type RepositoryState, type RepositoryView } from '#contract/repositories.ts'
import { isDuplicate } from '#service/catalog/catalog.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { LentRepository } from './open-repositories.ts'
import {
  changeRepository,
  findRepository,
  insertRepository,
  isNameTaken,
  lockRepository,
  patchState,
  usesOf,
  type RepositoryUse,
  type StoredRepository,
} from './repositories.store.ts'

/** The repository as a slice or a job needs it: its place, and its password unsealed. Never to be shown, logged or stored. */
export interface RepositorySecrets {
  readonly id: string
  readonly place: string
  readonly password: string
}

/** NOT_FOUND for what is not visible in the transaction's scope. */
export async function knownRepository(tx: Tx, id: string): Promise<StoredRepository> {
  const row = await findRepository(tx, id)
  if (!row) throw new Fault('NOT_FOUND', `there is no repository ${id}`)
  return row
}

/** The same for what would be used from now on: a retired one is refused. */
export async function usableRepository(tx: Tx, id: string): Promise<StoredRepository> {
  const row = await knownRepository(tx, id)
  if (row.retired_at !== null) throw new Fault('RETIRED', `repository ${row.name} is retired`, { name: row.name })
  return row
}

export function repositorySecrets(
  house: Pick<House, 'sealing'>,
  row: Pick<StoredRepository, 'id' | 'place' | 'password_sealed'>,
): RepositorySecrets {
  return { id: row.id, place: row.place, password: house.sealing.unseal(row.password_sealed, useOf(row.id)) }
}

/** Opened in this process, and kept open for a while for whoever asks next. For reading; what writes is a job. */
export async function openRepositoryOf(
  house: House,
  row: Pick<StoredRepository, 'id' | 'place' | 'password_sealed'>,
  signal: AbortSignal,
): Promise<LentRepository> {
  const { id, place } = row
  return await house.repositories.lend({ id, place, password: () => repositorySecrets(house, row).password }, signal)
}

export async function viewsOf(tx: Tx, rows: readonly StoredRepository[]): Promise<RepositoryView[]> {
  const uses = await usesOf(
    tx,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => viewOf(row, uses.get(row.id)!))
}

export async function oneView(tx: Tx, row: StoredRepository): Promise<RepositoryView> {
  const [view] = await viewsOf(tx, [row])
  return view!
}

function viewOf(row: StoredRepository, use: RepositoryUse): RepositoryView {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    place: row.place,
    repositoryId: row.repository_id,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
    retiredAt: row.retired_at?.toISOString() ?? null,
    quotaBytes: row.quota_bytes,
    backups: use.backups,
    systems: [...use.systems],
    state: repositoryStateSchema.parse(row.state),
  }
}

export interface NewRepository {
  readonly name: string
  readonly place: string
  readonly mode: 'create' | 'connect'
  readonly password: string | undefined
  /** Of its row, where one that it had before is to fit. */
  readonly id?: string | undefined
}

export interface MadeRepository {
  readonly id: string
  readonly repositoryId: string
  readonly passwordSealed: Buffer
  readonly recoveryKey: string | undefined
  readonly state: RepositoryState
}

/** Makes or opens it, outside any transaction: it is registered only afterwards. */
export async function makeRepository(house: House, wanted: NewRepository, signal: AbortSignal): Promise<MadeRepository> {
  const { clock, random } = house
  assertApart(wanted.place, house.config.dataDirectory)
  const storage = openStorage(wanted.place, clock, random)
  const [id, password] = [wanted.id ?? random.uuid(), wanted.password ?? newPassword(house)]
  const made = wanted.mode === 'create' ? await createRepository(storage, password, { clock, random, signal }) : undefined
  await using repository = await openRepository(storage, password, { clock, random, signal })
  return {
    id,
    repositoryId: repository.id,
    passwordSealed: house.sealing.seal(password, useOf(id)),
    recoveryKey: made?.recoveryKey,
    state: {
      seenAt: clock.now().toISOString(),
      ...statesOf(await repositoryStatistics(repository, signal)),
      freeBytes: (await storage.freeBytes(signal)) ?? null,
    },
  }
}

/** What the service keeps for itself is no place for backups, but for one folder of it. */
function assertApart(place: string, dataDirectory: string): void {
  const directory = localDirectoryOf(place)
  if (directory === undefined || liesIn(directory, path.join(dataDirectory, 'repositories'))) return
  if (liesIn(directory, dataDirectory) || liesIn(dataDirectory, directory))
    throw new Fault('INPUT_INVALID', `${directory} is where the service keeps its own data`, { field: 'place' })
}

/** Of a place on this machine; undefined for another kind. */
export function localDirectoryOf(place: string): string | undefined {
  return place.startsWith('local:') ? path.resolve(place.slice('local:'.length)) : undefined
}

/** True for the directory itself, too. */
export function liesIn(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer.replace(/\/$/, '')}/`)
}

function statesOf({ storedBytes, plainBytes, snapshots, packs, compressionRatio }: Awaited<ReturnType<typeof repositoryStatistics>>) {
  return { storedBytes, plainBytes, snapshots, packs, compressionRatio }
}

export async function assertNameFree(tx: Tx, tenantId: string, name: string): Promise<void> {
  if (await isNameTaken(tx, tenantId, name)) throw nameTaken(name)
}

export async function registerRepository(
  tx: Tx,
  { tenantId, name, place, at }: { readonly tenantId: string; readonly name: string; readonly place: string; readonly at: Date },
  { id, repositoryId, passwordSealed, state }: MadeRepository,
): Promise<StoredRepository> {
  try {
    return await insertRepository(tx, { id, tenantId, name, place, repositoryId, passwordSealed, state, at })
  } catch (error) {
    if (isDuplicate(error, 'repositories_once'))
      throw new Fault('REPOSITORY_REGISTERED', `repository ${repositoryId.slice(0, 8)} is registered already`, { field: 'place' })
    throw isDuplicate(error) ? nameTaken(name) : error
  }
}

export async function editRepository(
  tx: Tx,
  row: StoredRepository,
  change: { readonly name?: string; readonly quotaBytes?: number | null; readonly at: Date },
): Promise<StoredRepository> {
  try {
    return await changeRepository(tx, row.id, change)
  } catch (error) {
    throw isDuplicate(error) ? nameTaken(change.name ?? row.name) : error
  }
}

function nameTaken(name: string): Fault {
  return new Fault('NAME_TAKEN', `there is a repository ${name} already`, { field: 'name' })
}

export async function retireRepository(tx: Tx, id: string, at: Date): Promise<{ before: StoredRepository; after: StoredRepository }> {
  const before = await lockRepository(tx, id)
  if (!before) throw new Fault('NOT_FOUND', `there is no repository ${id}`)
  if (before.retired_at !== null) throw new Fault('RETIRED', `repository ${before.name} is retired already`, { name: before.name })
  const { systems } = (await usesOf(tx, [id])).get(id)!
  if (systems.length > 0) {
    const names = systems.map(({ name }) => name).join(', ')
    throw new Fault('REPOSITORY_IN_USE', `repository ${before.name} holds the backups of ${names}`, { systems: names })
  }
  return { before, after: await changeRepository(tx, id, { retiredAt: at, at }) }
}

/** A key for the new password, beside the old one. */
export interface PasswordChange {
  readonly passwordSealed: Buffer
  /** Key files that shall open nothing any more, also those that an earlier change could not remove. */
  readonly leftKeys: readonly string[]
  /** Takes the new key back. */
  withdraw(): Promise<void>
  /** Removes what is left of the old ones. */
  complete(): Promise<void>
}

/**
 * First the new password opens the repository, then the catalog knows it, then the old one opens nothing any more: a crash
 * in between leaves one that opens, and at most a key too many, which the next change removes.
 */
export async function beginPasswordChange(
  house: House,
  row: StoredRepository,
  { wanted, signal }: { readonly wanted: string | undefined; readonly signal: AbortSignal },
): Promise<PasswordChange> {
  const { clock, random } = house
  const storage = openStorage(row.place, clock, random)
  const { password: old } = repositorySecrets(house, row)
  const password = wanted ?? newPassword(house)
  const { key, keyFileId } = await openKey(storage, old, signal)
  const added = await addKey(storage, key, password, { clock, signal })
  // The recovery key stays: it is what opens the repository when every password is lost.
  const replaced = readRecoveryKey(old).kind === 'recovery-key' ? [] : [keyFileId]
  const leftKeys = [...new Set([...leftKeysOf(row), ...replaced])]
  return {
    passwordSealed: house.sealing.seal(password, useOf(row.id)),
    leftKeys,
    withdraw: () => removeKey(storage, added),
    complete: async () => {
      for (const keyId of leftKeys) await removeOnce(storage, keyId)
    },
  }
}

function leftKeysOf({ state }: StoredRepository): string[] {
  return z.array(z.string()).catch([]).parse(state['leftKeys'])
}

/** In the act: the new password counts from here on, and what must still go is noted in case nobody comes to remove it. */
export async function savePassword(
  tx: Tx,
  before: StoredRepository,
  { passwordSealed, leftKeys, at }: Pick<PasswordChange, 'passwordSealed' | 'leftKeys'> & { readonly at: Date },
): Promise<StoredRepository> {
  const row = await lockRepository(tx, before.id)
  if (!row?.password_sealed.equals(before.password_sealed))
    throw new Fault('CHANGED_MEANWHILE', `the password of repository ${before.name} was changed at the same moment`)
  await patchState(tx, before.id, { leftKeys })
  return await changeRepository(tx, before.id, { passwordSealed, at })
}

export async function noteKeysRemoved(tx: Tx, id: string): Promise<void> {
  await patchState(tx, id, { leftKeys: [] })
}

async function removeOnce(storage: Storage, keyFileId: string): Promise<void> {
  try {
    await removeKey(storage, keyFileId)
  } catch (error) {
    // Somebody removed it by hand meanwhile, which is what was wanted.
    if (!isFault(error, 'INPUT_INVALID')) throw error
  }
}

/** 256 bits: nobody types it, and nobody guesses it. */
function newPassword({ random }: House): string {
  return Buffer.from(random.bytes(32)).toString('base64url')
}

function useOf(id: string): string {
  return `repository:${id}`
}
