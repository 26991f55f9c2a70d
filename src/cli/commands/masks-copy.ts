import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { openWanted } from '#engine/backup/open-wanted.ts'
import { defaultDrillParent } from '#engine/restore/drill-place.ts'
import { maskedCopy } from '#engine/restore/masked-copy.ts'
import { instruments, openedRepository, type CommandContext } from '#cli/command.ts'
import { nameLeftDrills } from '#cli/left-drills.ts'
import { maskOrder } from '#cli/mask-key.ts'
import { parseSystemName, readSettings, wholeNumber, withRepository, withState, type RepositoryOptions } from '#cli/options.ts'
import { reportBackup } from '#cli/report-backup.ts'
import { stateDirectory } from '#cli/state.ts'

interface CopyOptions extends RepositoryOptions {
  readonly settings: string
  readonly system?: string
  readonly maskKeyFile?: string
  readonly name?: string
  readonly place?: string
  readonly state?: string
  readonly compression: number
}

export function addMaskedCopy(group: Command, context: CommandContext): void {
  withState(withRepository(group.command('copy')))
    .description('make a masked backup out of a stored one, by way of a private PostgreSQL that is gone afterwards')
    .argument('<backup>', 'uuid, the beginning of one, or latest')
    .requiredOption('--settings <file>', "the system's settings: its masks")
    .option('--system <name>', 'the system that "latest" means', parseSystemName)
    .option('--mask-key-file <file>', 'what pseudonyms are made with; otherwise a key of the repository')
    .option('--name <text>', 'name of the masked backup')
    .option('--compression <level>', 'zstd level 1-19', wholeNumber(1, 19), 1)
    .option('--place <directory>', 'where there is room for the restored backup (default: /var/tmp)')
    .action((wanted: string, options: CopyOptions) => run(wanted, options, context))
}

async function run(wanted: string, options: CopyOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context
  const startedMs = systemClock.monotonicMs()
  const settings = await readSettings(options.settings)
  const state = await stateDirectory(options.state)
  await nameLeftDrills(state, output)
  await using repository = await openedRepository(options)
  const opened = await openWanted(repository, { backup: wanted, system: options.system, now: systemClock.now() }, signal)
  const masking = await maskOrder(options.maskKeyFile, { repository, system: opened.manifest.system })
  const place = options.place ?? defaultDrillParent()
  const order = { opened, settings, masking, name: options.name, compressionLevel: options.compression, place, stateDirectory: state }
  const result = await maskedCopy(repository, order, instruments(context), signal)
  reportBackup(output, result, Math.round(systemClock.monotonicMs() - startedMs))
  context.end(result.status === 'completed_with_gaps' ? 3 : 0)
}
