import path from 'node:path'
import { readFile } from 'node:fs/promises'
import { systemClock } from '#base/clock.ts'
import { Fault, messageOf } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { printCount, printDuration } from '#base/units.ts'
import { openWanted } from '#engine/backup/open-wanted.ts'
import { applyChangeSet, undoChangeSet } from '#engine/entities/apply-change-set.ts'
import type { Applied, ChangeState } from '#engine/entities/change-journal.ts'
import { changePolicySchema, type ChangePolicy, type ChangeSet } from '#engine/entities/change-set.ts'
import { planChangeSet } from '#engine/entities/plan-change-set.ts'
import { defaultDrillParent } from '#engine/restore/drill-place.ts'
import { instruments, openedForReading, type CommandContext } from '#cli/command.ts'
import { wishesOf } from '#cli/entity-wishes.ts'
import { databaseTargets, fileRoots, readSettings, type Named, type RepositoryOptions } from '#cli/options.ts'
import type { Output } from '#cli/output.ts'
import { stateDirectory } from '#cli/state.ts'

export interface RecordPlanOptions extends RepositoryOptions {
  readonly backup: string
  readonly system?: string
  readonly entity: readonly string[]
  readonly database?: readonly Named[]
  readonly files?: readonly Named[]
  readonly settings?: string
  readonly out?: string
  readonly policy?: string
  readonly asCopy?: boolean
  readonly changed?: 'backup' | 'live' | 'copy'
  readonly added?: 'backup' | 'live'
  readonly conflicts?: 'backup' | 'live' | 'copy'
  readonly parents?: 'backup'
  readonly triggers?: 'fire' | 'quiet'
  readonly place?: string
  readonly state?: string
}

/** `restore plan --entity`: what it takes to bring single records back, as a folder. */
export async function planRecord(options: RecordPlanOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context
  const { out } = options
  if (out === undefined) throw new Fault('USAGE', 'the change set goes into a new folder: give --out FOLDER')
  const [database, second] = databaseTargets(options.database)
  if (second) throw new Fault('USAGE', 'give one --database: a record is brought back into one database at a time')
  const policy = await policyOf(options)
  const entities = await wishesOf(options.entity)
  await using repository = await openedForReading(options, context)
  const { backup, system } = options
  const opened = await openWanted(repository, { backup, system, now: systemClock.now(), foreignRoot: undefined }, signal)
  const [only, other] = opened.manifest.databases
  const section = database ? opened.manifest.databases.find(({ name }) => name === database.name) : other ? undefined : only
  if (!section) {
    const known = opened.manifest.databases.map(({ name }) => name).join(', ') || 'none'
    throw new Fault('INPUT_INVALID', `say which database of the backup with --database NAME=URL; it has ${known}`, { field: 'database' })
  }
  const changeSet = await planChangeSet(
    repository,
    {
      opened,
      settings: await readSettings(options.settings),
      entities,
      database: { section, target: database?.target ?? section.source },
      roots: options.files
        ? fileRoots(options.files)
        : database
          ? []
          : opened.manifest.roots.map(({ name, path: place }) => ({ name, path: place })),
      policy,
      folder: out,
      place: options.place ?? defaultDrillParent(),
      stateDirectory: await stateDirectory(options.state),
    },
    instruments(context),
    signal,
  )
  show(output, changeSet)
  output.line('')
  output.line(`Change set ${path.resolve(out)}. To carry it out: integrum restore run ${out} --confirm ${changeSet.system}`)
  output.result({ status: 'completed', plan: path.resolve(out), ...summary(changeSet) })
}

async function policyOf({ policy, asCopy, changed, added, conflicts, parents, triggers }: RecordPlanOptions): Promise<ChangePolicy> {
  let stated = changePolicySchema.parse({})
  if (policy !== undefined) {
    try {
      stated = parse(changePolicySchema, await readFile(policy, 'utf8'), `the policy ${policy}`)
    } catch (cause) {
      if (cause instanceof Fault) throw cause
      throw new Fault('INPUT_INVALID', `the policy cannot be read: ${messageOf(cause)}`, { field: 'policy' }, { cause })
    }
  }
  const whole = {
    ...stated,
    ...(asCopy && { asCopy }),
    ...(changed && { changed }),
    ...(added && { added }),
    ...(conflicts && { conflicts }),
    ...(parents && { parents }),
    ...(triggers && { triggers }),
  }
  return parse(changePolicySchema, JSON.stringify(whole), 'the policy')
}

function summary({ files, restore, backup, digest, tables, drift, loss, warnings, triggers }: ChangeSet) {
  return {
    restore,
    backup: backup.id,
    digest,
    tables: tables.map(({ schema, table, inserts, copies = 0, updates, deletes, found, open, clashes }) => ({
      table: `${schema}.${table}`,
      inserts,
      copies,
      updates,
      deletes,
      unchanged: found.unchanged,
      open: open.map((rows) => ({ class: rows.class, count: rows.count })),
      clashes: clashes.map(({ index, count }) => ({ index, count })),
    })),
    files: files.map(({ name, adds, replaces, removes, unchanged }) => ({ root: name, adds, replaces, removes, unchanged })),
    drift,
    triggers,
    loss,
    warnings,
  }
}

function show(output: Output, changeSet: ChangeSet): void {
  const { tables, entities, backup, policy, drift } = changeSet
  output.line(
    `${entities.length === 1 ? 'A record' : `${printCount(entities.length)} records`} of ${changeSet.system} from backup ${backup.id} (${backup.name}, ${backup.at})`,
  )
  output.line(`${'table'.padEnd(36)} ${'insert'.padStart(9)} ${'update'.padStart(9)} ${'delete'.padStart(9)} ${'as it is'.padStart(9)}`)
  for (const { schema, table, inserts, updates, deletes, found } of tables) {
    const numbers = [inserts, updates, deletes, found.unchanged].map((number) => printCount(number).padStart(9)).join(' ')
    output.line(`${`${schema}.${table}`.padEnd(36)} ${numbers}`)
  }
  for (const { name, adds, replaces, removes, unchanged, sharedDifferent } of changeSet.files) {
    const numbers = [adds, replaces, removes, unchanged].map((number) => printCount(number).padStart(9)).join(' ')
    output.line(`${`files ${name}`.padEnd(36)} ${numbers}`)
    if (sharedDifferent > 0)
      output.line(
        `NOTE     ${printCount(sharedDifferent)} files below ${name} are named by others as well and differ: they stay as they are`,
      )
  }
  for (const { schema, table, key, copies = 0, open, clashes } of tables) {
    const name = `${schema}.${table}`
    if (copies > 0) output.line(`COPIES   ${name}: ${printCount(copies)} of the inserted rows, under new keys (${key.join(', ')})`)
    for (const rows of open) output.line(`CHOOSE   ${name}: ${printCount(rows.count)} rows ${openWords[rows.class] ?? rows.class}`)
    for (const { index, columns = [], count } of clashes) {
      const advice = copies > 0 ? `: give copyValues for a column of (${columns.join(', ')}) with --policy` : ''
      output.line(`CLASH    ${name}: ${printCount(count)} rows have a value that ${index} lets in once, and a live row has it${advice}`)
    }
  }
  for (const line of changeSet.loss) output.line(`LOST     ${line}`)
  for (const column of drift.addedColumns) output.line(`SCHEMA   ${column} was added since: it takes its default`)
  for (const column of drift.removedColumns) output.line(`SCHEMA   ${column} is gone: its values are not restored`)
  for (const { column, was, is } of drift.retypedColumns) output.line(`SCHEMA   ${column} was ${was} and is ${is}: values are cast`)
  for (const table of drift.addedTables) output.line(`SCHEMA   table ${table} was made since: its rows are left as they are`)
  const verb = policy.triggers === 'quiet' ? 'stays quiet' : 'fires'
  for (const trigger of changeSet.triggers) output.line(`TRIGGER  ${trigger} ${verb}`)
  for (const line of changeSet.warnings) output.line(`NOTE     ${line}`)
}

const openWords: Readonly<Record<string, string>> = {
  elsewhere: 'belong to somebody else by now (--conflicts)',
  'moved-here': 'belonged to somebody else in the backup (--conflicts)',
  'parent-missing': 'have to exist and are gone (--parents)',
}

export interface RecordRunOptions extends RepositoryOptions {
  readonly state?: string
  readonly confirm: string
}

/** `restore run FOLDER`. */
export async function runRecord(folder: string, options: RecordRunOptions, context: CommandContext): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  await using repository = await openedForReading(options, context)
  const state = await applyChangeSet(folder, { ...(await orderOf(options, context)), repository }, context.signal)
  context.output.line(`Restored and verified: the records of ${state.system} are as in backup ${state.backup}`)
  report(context, { state, applied: state.applied, durationMs: Math.round(systemClock.monotonicMs() - startedMs) })
}

/** `restore undo ID`, of a change set. */
export async function undoRecord(id: string, options: Pick<RecordRunOptions, 'state' | 'confirm'>, context: CommandContext): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  const state = await undoChangeSet(id, await orderOf(options, context), context.signal)
  context.output.line(`Undone: the records of ${state.system} are as they were before restore ${id}`)
  report(context, { state, applied: state.undone, durationMs: Math.round(systemClock.monotonicMs() - startedMs) })
}

async function orderOf({ state, confirm }: Pick<RecordRunOptions, 'state' | 'confirm'>, context: CommandContext) {
  return { stateDirectory: await stateDirectory(state), confirmed: confirm, instruments: instruments(context) }
}

interface Report {
  readonly state: ChangeState
  readonly applied: Applied | null
  readonly durationMs: number
}

function report(context: CommandContext, { state, applied, durationMs }: Report): void {
  const { output } = context
  output.line(`  restore      ${state.restore}`)
  if (applied) {
    const { rows, files, complement, effects, sequences, quietTriggers } = applied
    output.line(`  written      ${printCount(rows)} rows, each read back as recorded`)
    if (files > 0) output.line(`  files        ${printCount(files)}, each compared with the backup`)
    output.line(
      `  unchanged    ${printCount(complement.rows)} other rows of ${printCount(complement.tables)} tables, hashed before and after`,
    )
    for (const { table, rowsAdded } of effects) output.line(`  TRIGGERS     added ${printCount(rowsAdded)} rows to ${table}`)
    for (const trigger of quietTriggers) output.line(`  quiet        trigger ${trigger}`)
    for (const { sequence, from, to } of sequences) output.line(`  sequence     ${sequence} from ${from} to ${to}`)
  }
  for (const line of state.notRestored) output.line(`  NOT RESTORED ${line}`)
  if (state.undoUntil !== null && state.step === 'done')
    output.line(`  undo         until ${state.undoUntil}: integrum restore undo ${state.restore} --confirm ${state.system}`)
  output.line(`  took         ${printDuration(durationMs)}`)
  const isWhole = state.notRestored.length === 0
  output.result({
    status: isWhole ? 'completed' : 'completed_with_gaps',
    restore: state.restore,
    step: state.step,
    applied,
    notRestored: state.notRestored,
    undoUntil: state.undoUntil,
    durationMs,
  })
  if (!isWhole) context.end(3)
}
