import path from 'node:path'
import { Option, type Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { backup } from '#engine/backup/backup.ts'
import type { LocalCache } from '#engine/backup/order.ts'
import { instruments, openedRepository, type CommandContext } from '#cli/command.ts'
import { selectionOf, withSelection, type SelectionOptions } from '#cli/entity-options.ts'
import {
  collectNamed,
  databaseTargets,
  fileRoots,
  parseSystemName,
  readSettings,
  wholeNumber,
  withRepository,
  type Named,
  type RepositoryOptions,
} from '#cli/options.ts'
import { cacheDirectory } from '#cli/state.ts'
import { withServer } from '#cli/server.ts'
import { maskOrder } from '#cli/mask-key.ts'
import { reportBackup } from '#cli/report-backup.ts'

interface BackupOptions extends RepositoryOptions, SelectionOptions {
  readonly system: string
  readonly database?: readonly Named[]
  readonly files?: readonly Named[]
  readonly settings?: string
  readonly compression: number
  readonly name?: string
  readonly description?: string
  readonly server?: string
  readonly masked?: boolean
  readonly maskKeyFile?: string
  readonly type?: 'full' | 'database' | 'files'
  readonly cache?: string | false
}

export function addBackup(program: Command, context: CommandContext): void {
  withSelection(withServer(withRepository(program.command('backup'))))
    .description('back up databases and files as one point in time')
    .requiredOption('--system <name>', 'name of the clinical system', parseSystemName)
    .option('--database <name=url>', 'a PostgreSQL database, without a password in the URL (repeatable)', collectNamed)
    .option('--files <name=dir>', 'a file root (repeatable)', collectNamed)
    .option('--settings <file>', "the system's settings: file references, exclusions, hooks")
    .option('--compression <level>', 'zstd level 1-19', wholeNumber(1, 19), 1)
    .option('--masked', 'for another place: masked as the settings say under `masks`, and never restored in place')
    .option('--mask-key-file <file>', 'with --masked: what pseudonyms are made with; otherwise a key of the repository')
    .addOption(
      new Option('--cache <directory>', 'what is remembered of unchanged files (default: /var/cache/integrum)').env('INTEGRUM_CACHE'),
    )
    .option('--no-cache', 'goes through every directory, and remembers nothing')
    .option('--name <text>', 'name of the backup')
    .option('--description <text>', 'what it is for')
    .addOption(
      new Option('--type <type>', 'what of a registered system, with --server; everything otherwise').choices([
        'full',
        'database',
        'files',
      ]),
    )
    .action(async (options: BackupOptions) => {
      if (options.server === undefined) await run(options, context)
      else await (await import('#cli/online/backup.ts')).backupOnline(options, context)
    })
}

async function run(options: BackupOptions, context: CommandContext): Promise<void> {
  if (options.type !== undefined) throw new Fault('USAGE', '--type goes with --server: here --database and --files say what to back up')
  const startedMs = systemClock.monotonicMs()
  const settings = await readSettings(options.settings)
  const selection = await selectionOf(options)
  if (options.maskKeyFile !== undefined && !options.masked) throw new Fault('USAGE', '--mask-key-file goes with --masked')
  const order = {
    system: options.system,
    name: options.name,
    description: options.description,
    purpose: 'regular',
    databases: databaseTargets(options.database),
    roots: fileRoots(options.files),
    settings,
    // What finds rows, and a backup of everything does without.
    selection: selection && (await import('#engine/entities/select-rows.ts')).selectionOrder(selection, settings),
    compressionLevel: options.compression,
  } as const
  assertOutside(options.repository, order.roots)
  await using repository = await openedRepository(options)
  const masking = options.masked ? await maskOrder(options.maskKeyFile, { repository, system: order.system }) : undefined
  const result = await backup(
    repository,
    { ...order, masking },
    { ...instruments(context), cache: await cacheOf(options, context) },
    context.signal,
  )
  const durationMs = Math.round(systemClock.monotonicMs() - startedMs)
  reportBackup(context.output, result, durationMs)
  context.end(result.status === 'completed_with_gaps' ? 3 : 0)
}

async function cacheOf({ cache }: BackupOptions, { output }: CommandContext): Promise<LocalCache | undefined> {
  if (cache === false) return undefined
  return { directory: await cacheDirectory(cache), onTrouble: (detail) => output.note(`note: ${detail}`) }
}

/** A backup that reads what it is writing would grow with itself. */
function assertOutside(repository: string | undefined, roots: readonly { readonly name: string; readonly path: string }[]): void {
  const place = path.resolve((repository ?? '').replace(/^local:/, ''))
  const around = roots.find((root) => place === root.path || place.startsWith(`${root.path.replace(/\/$/, '')}/`))
  if (around === undefined) return
  throw new Fault('INPUT_INVALID', `the repository ${place} lies inside the file root ${around.name}`, {
    field: 'files',
    name: around.name,
  })
}
