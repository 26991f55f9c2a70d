import path from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { printCount } from '#base/units.ts'
import { systemRandom } from '#host/random.ts'
import { rebuildCatalog, type Rebuilt } from '#service/backups/rebuild.ts'
import { readConfig } from '#service/config.ts'
import { openInstallation } from '#service/open-installation.ts'
import type { CommandContext } from '#cli/command.ts'
import { parseSystemName, readPassword, withRepository, type RepositoryOptions } from '#cli/options.ts'
import { defaultDataDirectory } from '#cli/service-data.ts'

interface RebuildOptions extends RepositoryOptions {
  readonly data?: string
  readonly tenant: string
  readonly name: string
}

export function addCatalog(program: Command, context: CommandContext): void {
  const group = program.command('catalog').description("the service's own database")
  withRepository(group.command('rebuild'))
    .description('on an empty machine: systems and backups back into the catalog, from a repository alone')
    .option('--data <directory>', 'of the service, which must not run (default: as `serve`)')
    .option('--tenant <name>', 'the tenant that gets them', parseSystemName, 'main')
    .option('--name <name>', 'what the repository is called', parseSystemName, 'main')
    .action((options: RebuildOptions) => rebuild(options, context))
}

async function rebuild(options: RebuildOptions, { output, signal, end }: CommandContext): Promise<void> {
  const { repository, passwordFile, data, tenant, name } = options
  if (repository === undefined) throw new Fault('USAGE', 'no repository is given: use --repository PLACE or INTEGRUM_REPOSITORY')
  const place = /^[a-z][a-z0-9]*:/.test(repository) ? repository : `local:${path.resolve(repository)}`
  const password = await readPassword(passwordFile)
  const config = readConfig({ data }, defaultDataDirectory())
  await using opened = await openInstallation(config, { clock: systemClock, random: systemRandom, logLevel: 'warn' }, signal)
  const rebuilt = await rebuildCatalog(opened.house, { place, password, tenant, name }, signal)
  const { systems, found, missing, damaged, copy } = rebuilt
  output.line(`Rebuilt from ${place}`)
  output.line(`  systems    ${systems.length === 0 ? 'none that were not known' : systems.join(', ')}`)
  output.line(`  backups    ${printCount(found)} entered, ${printCount(missing)} no longer there`)
  if (damaged > 0) output.line(`  DAMAGED    ${printCount(damaged)} backups cannot be read: see \`integrum repository check\``)
  printCopy(copy, output)
  output.result({ status: damaged > 0 ? 'completed_with_gaps' : 'completed', ...rebuilt })
  if (damaged > 0) end(3)
}

function printCopy(copy: Rebuilt['copy'], output: CommandContext['output']): void {
  if (!copy) {
    output.line('  catalog    no copy was taken: the repository has none, or this catalog is in use')
    return output.line('  next       start the service, and give the systems their settings and passwords again')
  }
  const counted = (rows: Readonly<Record<string, number>>) =>
    Object.entries(rows)
      .map(([table, count]) => `${printCount(count)} ${table.replaceAll('_', ' ')}`)
      .join(', ')
  output.line(`  catalog    as of ${copy.at}: ${counted(copy.taken)}`)
  if (Object.keys(copy.left).length > 0) output.line(`  left out   ${counted(copy.left)}`)
  if (copy.trail !== null) output.line(`  trail      the one of before: ${copy.trail}`)
  output.line(
    copy.isConfirmed
      ? '  confirmed  the copy was sealed with the key of this installation: schedules go on as they were'
      : '  UNCONFIRMED  without the sealing key of before nobody knows who wrote the copy: schedules are off, hooks, assertions, passwords, channels and roles in the whole installation were left out',
  )
  output.line('  next       start the service, set it up by the link that it prints, and send people links for new passwords')
}
