import path from 'node:path'
import { Option, type Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { printBytes, printCount, printDuration } from '#base/units.ts'
import { parseCompression, type Compression } from '#engine/archive/compression.ts'
import { exportArchive } from '#engine/archive/export-archive.ts'
import { findBackup, openBackup } from '#engine/backup/backups.ts'
import { instruments, openedForReading, type CommandContext } from '#cli/command.ts'
import { parseSystemName, readPassphrase, warnIfShort, withRepository, type RepositoryOptions } from '#cli/options.ts'

interface ExportOptions extends RepositoryOptions {
  readonly system?: string
  readonly format: 'tar'
  readonly compression: string
  readonly passphraseFile?: string
  readonly out?: string
}

export function addExport(program: Command, context: CommandContext): void {
  withRepository(program.command('export'))
    .description('write a backup as one portable file: a tar with manifest, plain SQL and files')
    .argument('<backup>', 'uuid, the beginning of one, or latest')
    .option('--system <name>', 'the system that "latest" means', parseSystemName)
    .addOption(new Option('--format <format>', 'form of the archive').choices(['tar']).default('tar'))
    .option('--compression <kind>', 'none, gzip:1-9 or zstd:1-19', 'zstd:3')
    .option('--passphrase-file <file>', 'encrypt it for age(1) with the passphrase in this file')
    .option('--out <file>', 'the file to make (default: the name of the backup, here)')
    .action((wanted: string, options: ExportOptions) => run(wanted, options, context))
}

async function run(wanted: string, options: ExportOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context
  const startedMs = systemClock.monotonicMs()
  const compression = parseCompression(options.compression)
  const passphrase = options.passphraseFile === undefined ? undefined : await readPassphrase(options.passphraseFile)
  if (passphrase !== undefined) warnIfShort(passphrase, output)
  await using repository = await openedForReading(options, context)
  const found = await findBackup(repository, wanted, { system: options.system, now: systemClock.now() }, signal)
  const opened = await openBackup(repository, found, signal)
  const out = options.out ?? nameOf(opened.manifest.name, compression, passphrase !== undefined)
  const exported = await exportArchive(
    repository,
    opened,
    { order: { compression, passphrase, out }, instruments: instruments(context) },
    signal,
  )
  const durationMs = Math.round(systemClock.monotonicMs() - startedMs)
  output.line(`Exported backup ${found.id}`)
  output.line(`  file       ${exported.path}`)
  output.line(
    `  size       ${printBytes(exported.sizeBytes)}, of ${printBytes(exported.contentBytes)} in ${printCount(exported.files)} files`,
  )
  output.line(`  sha256     ${exported.sha256}`)
  output.line(`  encrypted  ${passphrase === undefined ? 'no: whoever has the file can read it' : 'with the passphrase, for age'}`)
  output.line(`  took       ${printDuration(durationMs)}`)
  output.result({ status: 'completed', backup: found.id, isEncrypted: passphrase !== undefined, durationMs, ...exported })
}

function nameOf(name: string, { kind }: Compression, isEncrypted: boolean): string {
  const suffix = { none: '', gzip: '.gz', zstd: '.zst' }[kind]
  // A name is free text; a file's name is none with slashes.
  return path.resolve(`${name.replace(/[^\w.:-]+/g, '_').slice(0, 200)}.tar${suffix}${isEncrypted ? '.age' : ''}`)
}
