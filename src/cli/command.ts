import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#host/random.ts'
import type { Instruments } from '#engine/backup/order.ts'
import { openRepository } from '#engine/repository/open.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { openStorage } from '#engine/storage/storages.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { Fault } from '#base/fault.ts'
import { readPassword, type RepositoryOptions } from './options.ts'
import type { Output } from './output.ts'

export interface CommandContext {
  readonly output: Output
  readonly signal: AbortSignal
  /** Sets the exit code of a command that ended without a failure: 0, or 3 for completed with gaps. */
  readonly end: (exitCode: number) => void
}

export type AddCommand = (program: Command, context: CommandContext) => void

export function instruments({ output }: CommandContext): Instruments {
  return { clock: systemClock, random: systemRandom, onProgress: output.progress }
}

export function storageOf(options: RepositoryOptions): Storage {
  if (options.repository === undefined) throw new Fault('USAGE', 'no repository is given: use --repository PLACE or INTEGRUM_REPOSITORY')
  return openStorage(options.repository, systemClock, systemRandom)
}

/** For commands that write or delete: refuses a repository whose index is damaged. */
export async function openedRepository(options: RepositoryOptions): Promise<Repository> {
  return await opened(options)
}

/** For commands that take out: damage of the index is said, and what does not depend on it is there. */
export async function openedForReading(options: RepositoryOptions, { output }: CommandContext): Promise<Repository> {
  return await opened(options, (fault) => output.note(`DAMAGED  ${fault.message}: what only it names cannot be read. ${fault.hint}`))
}

async function opened(options: RepositoryOptions, onDamagedIndex?: (fault: Fault) => void): Promise<Repository> {
  const storage = storageOf(options)
  const password = await readPassword(options.passwordFile)
  return await openRepository(storage, password, { clock: systemClock, random: systemRandom, onDamagedIndex })
}
