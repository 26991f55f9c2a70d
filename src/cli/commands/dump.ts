import type { Command } from 'commander'
import { pipeline } from 'node:stream/promises'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { nodeAt } from '#engine/backup/backups.ts'
import { openWanted } from '#engine/backup/open-wanted.ts'
import { fileContent } from '#engine/backup/stored-source.ts'
import { openedForReading, type CommandContext } from '#cli/command.ts'
import { parseSystemName, withRepository, type RepositoryOptions } from '#cli/options.ts'

interface DumpOptions extends RepositoryOptions {
  readonly backup: string
  readonly system?: string
}

export function addDump(program: Command, context: CommandContext): void {
  withRepository(program.command('dump'))
    .description('write one file of a backup to stdout')
    .argument('<file>', 'path in the backup, such as files/uploads/report.pdf')
    .option('--backup <id>', 'uuid, the beginning of one, or latest', 'latest')
    .option('--system <name>', 'the system that "latest" means', parseSystemName)
    .action((file: string, options: DumpOptions) => run(file, options, context))
}

async function run(file: string, options: DumpOptions, context: CommandContext): Promise<void> {
  const { signal } = context
  const parts = file.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw new Fault('PATH_OUTSIDE_ROOT', `the path ${file} leaves the backup`, { file })
  await using repository = await openedForReading(options, context)
  const { backup: found } = await openWanted(repository, { backup: options.backup, system: options.system, now: systemClock.now() }, signal)
  const node = await nodeAt(repository, found.snapshot.tree, parts.join('/'), signal)
  if (node?.type !== 'file') throw new Fault('FILE_NOT_IN_BACKUP', `backup ${found.id} has no file ${file}`, { file })
  // Not ended: the shell's pipe belongs to whoever gave it to us.
  await pipeline(fileContent(repository, node).read(signal), process.stdout, { signal, end: false })
}
