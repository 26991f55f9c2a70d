import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { printBytes, printCount } from '#base/units.ts'
import { backupsAmong, type OpenedBackup } from '#engine/backup/backups.ts'
import { foreignAmong } from '#engine/backup/foreign.ts'
import { readProofs, standingOf } from '#engine/repository/proofs.ts'
import { openWanted } from '#engine/backup/open-wanted.ts'
import { listFiles } from '#engine/backup/list-files.ts'
import { openedForReading, type CommandContext } from '#cli/command.ts'
import { parseSystemName, withRepository, type RepositoryOptions } from '#cli/options.ts'
import type { Output } from '#cli/output.ts'
import { withServer } from '#cli/server.ts'
import { nameRefused, printStanding } from '#cli/standing.ts'

interface ListOptions extends RepositoryOptions {
  readonly system?: string
  readonly server?: string
}

export function addBackups(program: Command, context: CommandContext): void {
  const group = program.command('backups').description('list backups and look into them')
  withServer(withRepository(group.command('list')))
    .description('list the backups, oldest first')
    .option('--system <name>', 'of this system only', parseSystemName)
    .action(async (options: ListOptions) => {
      if (options.server === undefined) await list(options, context)
      else await (await import('#cli/online/backups.ts')).listOnline(options, context)
    })
  const one = (name: string, description: string, show: (opened: Opened) => Promise<void>, argument?: string) => {
    const command = withRepository(group.command(name))
      .description(description)
      .argument('[backup]', 'uuid, the beginning of one, or latest', 'latest')
    if (name === 'show') withServer(command)
    if (argument !== undefined) command.argument('[path]', argument, '')
    command
      .option('--system <name>', 'the system that "latest" means', parseSystemName)
      .action(async (wanted: string, ...rest: unknown[]) => {
        const options = rest[argument === undefined ? 0 : 1] as ListOptions
        if (options.server !== undefined) return await (await import('#cli/online/backups.ts')).showOnline(wanted, options, context)
        await using repository = await openedForReading(options, context)
        const backup = await openWanted(repository, { backup: wanted, system: options.system, now: systemClock.now() }, context.signal)
        await show({ repository, backup, path: argument === undefined ? '' : String(rest[0]), context })
      })
  }
  one('show', 'what a backup holds', show)
  one('tables', 'the tables of a backup with their rows', tables)
  one('files', 'the files of a backup', files, 'only below this path, such as files/uploads')
}

interface Opened {
  readonly repository: Awaited<ReturnType<typeof openedForReading>>
  readonly backup: OpenedBackup
  readonly path: string
  readonly context: CommandContext
}

async function list(options: ListOptions, context: CommandContext): Promise<void> {
  const { output, signal, end } = context
  await using repository = await openedForReading(options, context)
  const { whole, damaged } = await repository.listSnapshots(signal)
  const proofs = await readProofs(repository, whole, signal)
  const backups = backupsAmong(whole)
    .filter(({ system }) => options.system === undefined || system === options.system)
    .map((backup) => ({ ...backup, standing: standingOf(backup.id, proofs) }))
  if (backups.length === 0) output.note('There is no backup of Integrum yet.')
  for (const { id, snapshot, system, type, purpose, hasGaps, standing } of backups) {
    const status = `${hasGaps ? 'completed with gaps' : 'completed'}  ${printStanding(standing)}`
    output.line(`${id}  ${snapshot.time.toISOString()}  ${system}  ${type}${purpose === 'regular' ? '' : ` (${purpose})`}  ${status}`)
  }
  nameRefused(output, proofs)
  const foreign = options.system === undefined ? foreignAmong(whole) : []
  for (const { id, time, paths } of foreign)
    output.line(`${id.slice(0, 36)}  ${time.toISOString()}  restic  ${paths.join(' ')}  not made by Integrum`)
  for (const { id, fault } of damaged) output.line(`${id.slice(0, 36)}  DAMAGED  ${fault.message}: ${fault.hint}`)
  if (damaged.length > 0) end(3)
  output.result({
    status: damaged.length > 0 ? 'completed_with_gaps' : 'completed',
    damaged: damaged.map(({ id, fault }) => ({ snapshot: id, code: fault.code, fact: fault.message })),
    foreign: foreign.map(({ id, time, paths }) => ({ snapshot: id, time: time.toISOString(), paths })),
    refusedProofs: proofs.refused,
    backups: backups.map(({ id, snapshot, system, type, purpose, hasGaps, standing }) => ({
      backup: id,
      snapshot: snapshot.id,
      time: snapshot.time.toISOString(),
      system,
      type,
      purpose,
      status: hasGaps ? 'completed_with_gaps' : 'completed',
      standing: standing.state,
      standingSince: standing.at,
    })),
  })
}

async function show({ repository, backup: { backup, manifest, checksum }, context: { output, signal } }: Opened): Promise<void> {
  const proofs = await readProofs(repository, (await repository.listSnapshots(signal)).whole, signal)
  const standing = standingOf(backup.id, proofs)
  output.line(`backup     ${backup.id}`)
  output.line(`name       ${manifest.name}`)
  output.line(`snapshot   ${backup.snapshot.id}`)
  output.line(`checksum   ${checksum}`)
  output.line(`standing   ${printStanding(standing)}`)
  nameRefused(output, proofs)
  output.line(`system     ${manifest.system}, ${manifest.type}, begun ${manifest.startedAt} on ${manifest.hostname}`)
  for (const database of manifest.databases) {
    output.line(
      `database   ${database.name}: ${JSON.stringify(database.source.database)}, PostgreSQL ${database.serverVersion.text}, as of ${database.instant}`,
    )
    output.line(
      `           ${printCount(database.tables.length)} tables, ${printCount(database.rows)} rows, ${printBytes(database.copyBytes)}`,
    )
  }
  for (const root of manifest.roots) {
    output.line(
      `files      ${root.name}: ${JSON.stringify(root.path)}, ${printCount(root.files)} files, ${printBytes(root.bytes)}, from ${root.instant} on`,
    )
    if (root.newer.count > 0) output.line(`           ${printCount(root.newer.count)} entries changed later than the database's instant`)
  }
  for (const section of [...manifest.databases, ...manifest.roots]) {
    for (const { what, why } of section.exactness) output.line(`not exact  ${section.name}: ${what}: ${why}`)
  }
  showGaps(output, manifest.gaps)
  output.result({
    status: 'completed',
    backup: backup.id,
    snapshot: backup.snapshot.id,
    checksum,
    standing: standing.state,
    standingSince: standing.at,
    proof: standing.proof?.document ?? null,
    manifest: withoutKeys(manifest),
  })
}

function showGaps(output: Output, gaps: OpenedBackup['manifest']['gaps']): void {
  for (const gap of gaps.first) output.line(`GAP        ${gap.source}: ${gap.kind}: ${gap.what}: ${gap.detail}`)
  if (gaps.count > gaps.first.length) output.line(`GAPS       ${gaps.count} in all`)
}

/** The hash keys stay sealed: with them somebody could make up rows that hash alike. */
function withoutKeys(manifest: OpenedBackup['manifest']): unknown {
  return { ...manifest, databases: manifest.databases.map(({ hashKey: _, ...database }) => database) }
}

async function tables({ backup: { backup, manifest }, context: { output } }: Opened): Promise<void> {
  const listed = manifest.databases.flatMap(({ name, tables: all }) =>
    all.map(({ schema, table, copyBytes, hash }) => ({ database: name, schema, table, rows: hash.rows, bytes: copyBytes })),
  )
  for (const { database, schema, table, rows, bytes } of listed) {
    output.line(`${database}  ${schema}.${table}  ${printCount(rows)} rows  ${printBytes(bytes)}`)
  }
  output.result({ status: 'completed', backup: backup.id, tables: listed })
}

async function files({ repository, backup: { backup }, path, context: { output, signal } }: Opened): Promise<void> {
  let count = 0
  for await (const file of listFiles(repository, backup, path, signal)) {
    count += 1
    output.line(`${file.mode}  ${String(file.sizeBytes).padStart(12)}  ${file.modifiedAt}  ${file.path}`)
  }
  output.result({ status: 'completed', backup: backup.id, files: count })
}
