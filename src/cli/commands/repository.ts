import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#host/random.ts'
import { createRepository } from '#engine/repository/create.ts'
import { storageOf, type CommandContext } from '#cli/command.ts'
import { readPassword, warnIfShort, withRepository, type RepositoryOptions } from '#cli/options.ts'
import { addRepositoryCare } from './repository-care.ts'
import { addRepositoryKeys } from './repository-keys.ts'
import { addRepositoryRepair } from './repository-repair.ts'

export function addRepository(program: Command, context: CommandContext): void {
  const group = program.command('repository').description('the encrypted home of the backups')
  withRepository(group.command('create'))
    .description('make a repository and print its recovery key, once')
    .action((options: RepositoryOptions) => create(options, context))
  addRepositoryCare(group, context)
  addRepositoryKeys(group, context)
  addRepositoryRepair(group, context)
}

async function create(options: RepositoryOptions, { output, signal }: CommandContext): Promise<void> {
  const password = await readPassword(options.passwordFile)
  const storage = storageOf(options)
  const { repositoryId, recoveryKey } = await createRepository(storage, password, { clock: systemClock, random: systemRandom, signal })
  warnIfShort(password, output)
  output.line(`Created repository ${repositoryId} at ${storage.location}`)
  output.line('')
  output.line(`  Recovery key:  ${recoveryKey}`)
  output.line('')
  output.line('It opens the repository when every password is lost. Print it, lock it away; it is not shown again.')
  output.result({ status: 'completed', repository: repositoryId, location: storage.location, recoveryKey })
}
