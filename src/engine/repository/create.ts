import type { Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Random } from '#host/random.ts'
import { folders, type Storage } from '#engine/storage/storage.ts'
import { newConfig, saveConfig } from './config.ts'
import { addKey, newMasterKey } from './keys.ts'
import { newRecoveryKey } from './recovery-key.ts'

export interface CreatedRepository {
  /** 64 hex digits. */
  readonly repositoryId: string
  /** Opens the repository like a password. It is nowhere kept: to be shown once and put on paper. */
  readonly recoveryKey: string
}

/**
 * Makes a repository in an empty place. REPOSITORY_EXISTS when a repository, or any file of one, is there. The config
 * comes last: until it stands there is no repository, and what an interrupted creation left is named and not built upon.
 */
export async function createRepository(
  storage: Storage,
  password: string,
  options: { readonly clock: Clock; readonly random: Random; readonly signal?: AbortSignal | undefined },
): Promise<CreatedRepository> {
  const { clock, random, signal } = options
  await storage.create(signal)
  await refuseUnlessEmpty(storage, signal)
  const key = newMasterKey()
  const recoveryKey = newRecoveryKey(random)
  await addKey(storage, key, password, { clock, signal })
  await addKey(storage, key, recoveryKey, { clock, signal })
  const config = newConfig(random)
  await saveConfig(storage, key, config, signal)
  return { repositoryId: config.id, recoveryKey }
}

async function refuseUnlessEmpty(storage: Storage, signal?: AbortSignal): Promise<void> {
  const refuse = (name: string) => new Fault('REPOSITORY_EXISTS', `${storage.location} is not empty: it has ${name}`, { name })
  if (await storage.stat('config', signal)) throw refuse('config')
  for (const folder of folders) for await (const file of storage.list(folder, signal)) throw refuse(file.name)
}
