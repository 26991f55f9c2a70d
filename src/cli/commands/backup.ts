import path from 'node:path'
import { Option, type Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { printBytes, printCount, printDuration } from '#base/units.ts'
import { backup, type BackupResult } from '#engine/backup/backup.ts'
import type { SelectionSection } from '#engine/backup/manifest.ts'
import type { Sanitization } from '#engine/masking/sanitization.ts'
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
import { withServer } from '#cli/server.ts'
import { maskOrder } from '#cli/mask-key.ts'
import type { Output } from '#cli/output.ts'

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
  const result = await backup(repository, { ...order, masking }, instruments(context), context.signal)
  const durationMs = Math.round(systemClock.monotonicMs() - startedMs)
  report(context.output, result, durationMs)
  context.end(result.status === 'completed_with_gaps' ? 3 : 0)
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

function report(output: Output, { status, id, snapshot, checksum, manifest, statistics }: BackupResult, durationMs: number): void {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  const database = {
    rows: sum(manifest.databases.map(({ rows }) => rows)),
    bytes: sum(manifest.databases.map(({ copyBytes }) => copyBytes)),
  }
  const files = { count: sum(manifest.roots.map((root) => root.files)), bytes: sum(manifest.roots.map(({ bytes }) => bytes)) }
  const { storedBytes, readBytes, newBytes } = statistics

  output.line(`${status === 'completed' ? 'Completed' : 'Completed with gaps'}: backup ${id}`)
  output.line(`  name       ${manifest.name}`)
  output.line(`  snapshot   ${snapshot}`)
  for (const { name, tables, rows, copyBytes, instant } of manifest.databases) {
    output.line(
      `  database   ${name}: ${printCount(tables.length)} tables, ${printCount(rows)} rows, ${printBytes(copyBytes)}, as of ${instant}`,
    )
  }
  for (const root of manifest.roots) {
    output.line(`  files      ${root.name}: ${printCount(root.files)} files, ${printBytes(root.bytes)}, read from ${root.instant} on`)
  }
  for (const line of selectionLines(manifest)) output.line(line)
  output.line(`  stored     ${printBytes(storedBytes)} new, of ${printBytes(newBytes)} not yet known and ${printBytes(readBytes)} read`)
  output.line(`  took       ${printDuration(durationMs)}`)
  const { sanitization } = manifest
  if (sanitization) reportMasks(output, sanitization)
  const exactness = [...manifest.databases, ...manifest.roots].flatMap((section) =>
    section.exactness.map(({ what, why }) => ({ source: section.name, what, why })),
  )
  for (const { source, what, why } of exactness) output.line(`  not exact  ${source}: ${what}: ${why}`)
  for (const gap of manifest.gaps.first) output.line(`  GAP        ${gap.source}: ${gap.kind}: ${gap.what}: ${gap.detail}`)
  if (manifest.gaps.count > manifest.gaps.first.length) output.line(`  GAPS       ${manifest.gaps.count} in all`)
  output.result({
    status,
    backup: id,
    snapshot,
    name: manifest.name,
    type: manifest.type,
    sanitization: sanitization ?? null,
    checksum,
    ...(manifest.selection && { selection: toldOf(manifest.selection) }),
    gaps: manifest.gaps.count,
    gapList: manifest.gaps.first,
    exactness,
    database,
    files,
    readBytes,
    newBytes,
    storedBytes,
    durationMs,
  })
}

function reportMasks(output: Output, { databases, keyedBy, key, rootsLeftOut }: Sanitization): void {
  for (const { name, columns, excludedTables } of databases)
    output.line(`  masked     ${name}: ${printCount(columns.length)} columns, and ${printCount(excludedTables.length)} tables left out`)
  for (const name of rootsLeftOut) output.line(`  left out   files ${name}: nothing masks them`)
  output.line(
    `  mask key   ${key}, of ${keyedBy === 'repository' ? 'the repository' : 'the given file'}; this backup is never restored in place`,
  )
}

/** How many of each kind, and no keys: what a command says ends up in logs. */
function toldOf({ entities, tables, dataTypes, since, until, counts, leftOut, notCovered }: SelectionSection) {
  const kinds = Object.fromEntries([...Map.groupBy(entities, ({ kind }) => kind)].map(([kind, same]) => [kind, same.length]))
  return { kinds, tables, dataTypes, since, until, counts, leftOut, notCovered }
}

function selectionLines({ selection }: BackupResult['manifest']): string[] {
  if (!selection) return []
  const { kinds, tables, dataTypes, since, until, leftOut, notCovered } = toldOf(selection)
  const parts = [
    ...Object.entries(kinds).map(([kind, count]) => `${kind}: ${count}`),
    ...tables.map(({ schema, table }) => `${schema}.${table}`),
    ...dataTypes,
    ...(since === undefined ? [] : [`since ${since}`]),
    ...(until === undefined ? [] : [`until ${until}`]),
  ]
  return [
    `  selection  ${parts.join(', ')}`,
    ...[...leftOut.databases, ...leftOut.roots].map((name) => `  without    ${name}: nothing of it was selected`),
    ...notCovered.map(({ database, table }) => `  NOT COVERED ${database}: ${table}: nothing says to whom its rows belong`),
  ]
}
