import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { printBytes, printCount } from '#base/units.ts'
import { hostFault } from '#host/durable.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import { openWanted } from '#engine/backup/open-wanted.ts'
import type { PlannedMasks } from '#engine/masking/sanitization.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { defaultDrillParent } from '#engine/restore/drill-place.ts'
import { makePlan } from '#engine/restore/make-plan.ts'
import type { RestoreOrder } from '#engine/restore/order.ts'
import { printPlan, type RestorePlan } from '#engine/restore/plan.ts'
import type { RoleChoice } from '#engine/sources/postgres/roles.ts'
import { instruments, openedForReading, type CommandContext } from '#cli/command.ts'
import {
  collectNamed,
  collectText,
  databaseTargets,
  fileRoots,
  parseSystemName,
  readSettings,
  wholeNumber,
  withRepository,
  withState,
  type Named,
  type RepositoryOptions,
} from '#cli/options.ts'
import type { Output } from '#cli/output.ts'
import { withServer } from '#cli/server.ts'
import { nameLeftDrills } from '#cli/left-drills.ts'
import { maskOrder } from '#cli/mask-key.ts'
import { stateDirectory } from '#cli/state.ts'
import type { RecordPlanOptions } from './restore-record.ts'

interface PlanOptions extends RepositoryOptions {
  readonly backup: string
  readonly system?: string
  readonly database?: readonly Named[]
  readonly files?: readonly Named[]
  readonly only?: 'database' | 'files'
  readonly table?: readonly string[]
  readonly role?: readonly RoleChoice[]
  readonly freeBytes?: readonly Named[]
  readonly lossRowsMax?: number
  readonly settings?: string
  readonly out?: string
  readonly server?: string
  readonly entity?: readonly string[]
  readonly masked?: boolean
  readonly maskKeyFile?: string
  readonly place?: string
  readonly state?: string
}

export function addRestorePlan(group: Command, context: CommandContext): void {
  withServer(withState(withRepository(group.command('plan'))))
    .description('say what a restore would do, and write it to a file; changes nothing')
    .requiredOption('--backup <id>', 'uuid, the beginning of one, or latest')
    .option('--out <file>', 'where to write the plan; a service keeps its own')
    .option('--system <name>', 'the system that "latest" means', parseSystemName)
    .option('--database <name=url>', 'restore this database of the backup to that place (repeatable)', collectNamed)
    .option('--files <name=dir>', 'restore this file root of the backup to that directory (repeatable)', collectNamed)
    .option('--only <part>', 'database or files', parsePart)
    .option('--table <schema.table>', 'only these tables, into a new database (repeatable)', collectText)
    .option('--role <name=choice>', 'for a role that is missing: NAME=create or NAME=map:OTHER (repeatable)', collectRole)
    .option('--free-bytes <name=bytes>', "free space of a remote database's server (repeatable)", collectNamed)
    .option('--loss-rows-max <count>', 'give up when more rows than this are written meanwhile', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--settings <file>', "the system's settings: hooks, assertions, entities")
    .option('--entity <kind=key>', 'only this record, as a change set (repeatable); "-" reads them from standard input', collectText)
    .option('--as-copy', 'records: beside what is live, under new keys; nothing live is changed')
    .addOption(new Option('--changed <side>', 'records: rows that differ').choices(['backup', 'live', 'copy']))
    .addOption(new Option('--added <side>', 'records: rows written since, gone as in the backup or kept').choices(['backup', 'live']))
    .addOption(
      new Option('--conflicts <side>', 'records: rows that belong, or belonged, to somebody else').choices(['backup', 'live', 'copy']),
    )
    .addOption(new Option('--parents <side>', 'records: rows that have to exist and are gone').choices(['backup']))
    .addOption(new Option('--triggers <how>', "records: the application's triggers (default: quiet)").choices(['quiet', 'fire']))
    .option('--policy <file>', 'records: the same, for tables and rows one by one')
    .option('--place <directory>', 'records, --masked: where there is room for the staged backup (default: /var/tmp)')
    .option('--masked', 'to another place: masked on the way, as the settings say under `masks`')
    .option('--mask-key-file <file>', 'with --masked: what pseudonyms are made with; otherwise a key of the repository')
    .action(async (options: PlanOptions) => {
      assertMaskOptions(options)
      if (options.entity !== undefined) return await (await import('./restore-record.ts')).planRecord(options as RecordPlanOptions, context)
      if (options.server === undefined) await run(options, context)
      else await (await import('#cli/online/restore.ts')).planOnline(options, context)
    })
}

function assertMaskOptions({ masked, maskKeyFile, entity, server }: PlanOptions): void {
  if (maskKeyFile !== undefined && !masked) throw new Fault('USAGE', '--mask-key-file goes with --masked')
  if (masked && entity !== undefined)
    throw new Fault('USAGE', '--masked goes with a restore to another place, and --entity with one in place')
  if (masked && server !== undefined)
    throw new Fault('USAGE', '--masked is for this machine alone: with --server make a masked backup and restore that')
}

async function run(options: PlanOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context
  const { out } = options
  if (out === undefined) throw new Fault('USAGE', 'the plan goes into a file: give --out FILE')
  await using repository = await openedForReading(options, context)
  const { backup, system, files } = options
  const opened = await openWanted(repository, { backup, system, now: systemClock.now(), foreignRoot: files?.[0]?.name }, signal)
  const order = await orderOf(opened, options)
  const plan = await planOf(repository, order, options, context)
  try {
    await writeFile(out, printPlan(plan), { mode: 0o600 })
  } catch (error) {
    throw hostFault(error, `cannot write the plan to ${out}`)
  }
  showPlan(output, plan)
  output.line('')
  output.line(`Plan ${path.resolve(out)}. To carry it out: integrum restore run ${out} --confirm ${plan.system}`)
  const { databases, roots, loss, warnings, space, masks } = plan
  output.result({
    status: 'completed',
    restore: plan.restore,
    backup: plan.backup,
    plan: path.resolve(out),
    digest: plan.digest,
    databases: databases.map(({ name, effect, sessions }) => ({ name, effect, sessions: sessions.length })),
    roots: roots.map(({ name, effect }) => ({
      name,
      added: effect.added.count,
      changed: effect.changed.count,
      removed: effect.removed.count,
    })),
    loss,
    warnings,
    space,
    masks: masks ?? null,
  })
}

async function planOf(
  repository: Repository,
  order: RestoreOrder,
  { masked, maskKeyFile, place = defaultDrillParent(), state }: PlanOptions,
  context: CommandContext,
): Promise<RestorePlan> {
  if (!masked) return await makePlan(repository, order, instruments(context), context.signal)
  const masking = await maskOrder(maskKeyFile, { repository, system: order.opened.manifest.system })
  const held = { masking, place, stateDirectory: await stateDirectory(state) }
  await nameLeftDrills(held.stateDirectory, context.output)
  const { planMaskedRestore } = await import('#engine/restore/masked-restore.ts')
  return await planMaskedRestore(repository, order, held, instruments(context), context.signal)
}

/** Without targets everything goes where it came from; with any, only what is named goes, and there. */
async function orderOf(opened: OpenedBackup, options: PlanOptions): Promise<RestoreOrder> {
  const { manifest } = opened
  const isNamed = options.database !== undefined || options.files !== undefined
  const targets = isNamed ? databaseTargets(options.database) : manifest.databases.map(({ name, source }) => ({ name, target: source }))
  const roots = isNamed ? fileRoots(options.files) : manifest.roots
  const free = new Map((options.freeBytes ?? []).map(({ name, value }) => [name, bytesOf(name, value)]))
  const databases = targets.map(({ name, target }) => ({
    section: sectionOf(manifest.databases, name, 'database'),
    target,
    roles: options.role ?? [],
    tables: options.table ?? null,
    freeBytes: free.get(name) ?? null,
  }))
  return {
    opened,
    settings: await readSettings(options.settings),
    databases: options.only === 'files' ? [] : databases,
    roots:
      options.only === 'database'
        ? []
        : roots.map(({ name, path: place }) => ({ section: sectionOf(manifest.roots, name, 'files'), path: place })),
    lossRowsMax: options.lossRowsMax ?? null,
  }
}

function sectionOf<Section extends { readonly name: string }>(sections: readonly Section[], name: string, kind: string): Section {
  const found = sections.find((section) => section.name === name)
  if (found) return found
  const known = sections.map((section) => section.name).join(', ') || 'none'
  throw new Fault('INPUT_INVALID', `the backup has no ${kind} named ${name}; it has ${known}`, { field: kind, name })
}

function showPlan(output: Output, plan: RestorePlan): void {
  output.line(`Restore of ${plan.system} from backup ${plan.backup} (${plan.backupName}, ${plan.backupAt})`)
  for (const { name, record, effect, sessions } of plan.databases) {
    const where = `${JSON.stringify(record.live.database)} on ${record.live.host}:${record.live.port}`
    output.line(`database ${name} → ${where}${record.liveOid === null ? ', which does not exist yet' : ''}`)
    output.line(
      `  rows     ${printCount(effect.rowsInBackup)} in the backup${effect.rowsNow === null ? '' : `, ${printCount(effect.rowsNow)} now`}`,
    )
    if (record.liveOid !== null) {
      output.line(
        `  tables   ${effect.added.length} added, ${effect.removed.length} removed, ${effect.changed.length} with other counts, ${effect.unchangedCounts} with the same`,
      )
    }
    if (sessions.length > 0) output.line(`  sessions ${sessions.length} are connected and will be ended at the swap`)
  }
  for (const { name, record, effect } of plan.roots) {
    output.line(`files ${name} → ${record.path}${record.live === null ? ', which does not exist yet' : ''}`)
    output.line(
      `  files    ${printCount(effect.added.count)} added, ${printCount(effect.changed.count)} changed, ${printCount(effect.removed.count)} removed`,
    )
  }
  if (plan.masks) showMasks(output, plan.masks)
  for (const { place, neededBytes, freeBytes } of plan.space) {
    output.line(`space    ${printBytes(neededBytes)} needed, ${freeBytes === null ? 'unknown' : printBytes(freeBytes)} free: ${place}`)
  }
  for (const line of plan.loss) output.line(`LOST     ${line}`)
  if (plan.loss.length > 0) output.line(`         (as of ${plan.createdAt}; what is replaced is kept until the undo window ends)`)
  for (const line of plan.warnings) output.line(`NOTE     ${line}`)
}

function showMasks(output: Output, { databases, keyedBy, key }: PlannedMasks): void {
  output.line(`masked on the way, with ${keyedBy === 'repository' ? 'a key of the repository' : 'the key of a file'} (mark ${key})`)
  for (const { name, columns, excludedTables } of databases) {
    for (const { schema, table, column, mask, because } of columns)
      output.line(`  ${mask.padEnd(8)} ${name}: ${schema}.${table}.${column}: ${because}`)
    for (const { schema, table } of excludedTables) output.line(`  left out ${name}: ${schema}.${table}: all rows`)
  }
}

function bytesOf(name: string, text: string): number {
  const bytes = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(bytes))
    throw new Fault('INPUT_INVALID', `the free bytes of ${name} are not a whole number`, { field: 'free-bytes', name })
  return bytes
}

function parsePart(text: string): 'database' | 'files' {
  if (text !== 'database' && text !== 'files') throw new InvalidArgumentError('database or files')
  return text
}

function collectRole(text: string, before: readonly RoleChoice[] = []): readonly RoleChoice[] {
  const at = text.lastIndexOf('=')
  const role = text.slice(0, at)
  const choice = text.slice(at + 1)
  if (at < 1 || !(choice === 'create' || /^map:./.test(choice)))
    throw new InvalidArgumentError('it is written NAME=create or NAME=map:OTHER')
  return [...before, choice === 'create' ? { kind: 'create', role } : { kind: 'map', role, to: choice.slice(4) }]
}
