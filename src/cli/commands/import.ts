import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { printBytes, printCount, printDuration } from '#base/units.ts'
import { Passphrase } from '#engine/archive/age.ts'
import { openArchiveFile } from '#engine/archive/archive-file.ts'
import { importFile } from '#engine/archive/import-file.ts'
import { instruments, openedRepository, type CommandContext } from '#cli/command.ts'
import { parseSystemName, readPassphrase, wholeNumber, withRepository, type RepositoryOptions } from '#cli/options.ts'

interface ImportOptions extends RepositoryOptions {
  readonly system: string
  readonly passphraseFile?: string
  readonly asNew?: boolean
  readonly name?: string
  readonly devices?: boolean
  readonly compression: number
}

export function addImport(program: Command, context: CommandContext): void {
  withRepository(program.command('import'))
    .description('make a backup of a portable archive, of a dump of pg_dump, or of a tar of files')
    .argument('<file>', 'the archive; a dump in directory format is a directory')
    .requiredOption('--system <name>', 'the clinical system that it becomes a backup of', parseSystemName)
    .option('--passphrase-file <file>', 'the passphrase of an archive that is encrypted with age')
    .option('--as-new', 'once more, under an id of its own, although the backup is there already')
    .option('--name <name>', 'what the database or root of a dump or tar is called (default: database, files)', parseSystemName)
    .option('--devices', 'take device nodes of a tar of files as well')
    .option('--compression <level>', 'zstd level 1-19', wholeNumber(1, 19), 1)
    .action((file: string, options: ImportOptions) => run(file, options, context))
}

async function run(place: string, options: ImportOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context
  const startedMs = systemClock.monotonicMs()
  const passphrase = options.passphraseFile === undefined ? undefined : new Passphrase(await readPassphrase(options.passphraseFile))
  await using file = await openArchiveFile(place, passphrase, signal)
  await using repository = await openedRepository(options)
  const order = {
    system: options.system,
    isAsNew: options.asNew ?? false,
    hasDevices: options.devices ?? false,
    name: options.name,
    compressionLevel: options.compression,
  }
  const { id, snapshot, checksum, manifest } = await importFile(repository, { file, order, instruments: instruments(context) }, signal)
  const durationMs = Math.round(systemClock.monotonicMs() - startedMs)
  const status = manifest.gaps.count > 0 ? 'completed_with_gaps' : 'completed'
  output.line(`Imported${manifest.gaps.count > 0 ? ' with gaps' : ''}: backup ${id}`)
  output.line(`  name       ${manifest.name}`)
  output.line(`  snapshot   ${snapshot}`)
  for (const { name, tables, rows, copyBytes } of manifest.databases)
    output.line(`  database   ${name}: ${printCount(tables.length)} tables, ${printCount(rows)} rows, ${printBytes(copyBytes)}`)
  for (const { name, files, bytes } of manifest.roots) output.line(`  files      ${name}: ${printCount(files)} files, ${printBytes(bytes)}`)
  output.line(`  checksum   ${checksum}`)
  output.line(`  took       ${printDuration(durationMs)}`)
  for (const gap of manifest.gaps.first) output.line(`  GAP        ${gap.source}: ${gap.kind}: ${gap.what}: ${gap.detail}`)
  output.result({
    status,
    backup: id,
    snapshot,
    checksum,
    name: manifest.name,
    gaps: manifest.gaps.count,
    gapList: manifest.gaps.first,
    imported: manifest.imported ?? null,
    durationMs,
  })
  context.end(manifest.gaps.count > 0 ? 3 : 0)
}
