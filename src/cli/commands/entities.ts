import type { Command } from 'commander'
import { Fault } from '#base/fault.ts'
import type { SystemSettings } from '#base/settings.ts'
import { printBytes, printCount } from '#base/units.ts'
import { closureOf, type EntityWish } from '#engine/entities/closure.ts'
import { countFiles } from '#engine/entities/count-files.ts'
import { discover, type Discovered } from '#engine/entities/discover.ts'
import { filesOfEntity } from '#engine/entities/entity-files.ts'
import { noModel, type ModelEdge } from '#engine/entities/entity-model.ts'
import { printTable } from '#engine/entities/ownership.ts'
import { connect, type Connection } from '#engine/sources/postgres/connection.ts'
import { inOneView } from '#engine/sources/postgres/reading-session.ts'
import type { CommandContext } from '#cli/command.ts'
import { wishesOf } from '#cli/entity-wishes.ts'
import { collectNamed, collectText, databaseTargets, fileRoots, readSettings, type Named } from '#cli/options.ts'
import type { Output } from '#cli/output.ts'

interface EntityOptions {
  readonly database?: readonly Named[]
  readonly settings?: string
}

interface ClosureOptions extends EntityOptions {
  readonly entity: readonly string[]
  readonly files?: readonly Named[]
}

export function addEntities(program: Command, context: CommandContext): void {
  const group = program.command('entities').description('what a patient, a study, an organization is in a database')
  withDatabase(group.command('discover'))
    .description('propose the kinds and what belongs to one, by the keys of the database; changes nothing')
    .action((options: EntityOptions) => withModel(options, context, ({ found }) => show(context.output, found)))
  withDatabase(group.command('closure'))
    .description('count the rows that belong to some entities, table by table; changes nothing')
    .requiredOption('--entity <kind=key>', 'which one (repeatable); "-" reads them from standard input, a line each', collectText)
    .option('--files <name=directory>', 'count its files below this root as well (repeatable)', collectNamed)
    .action(async (options: ClosureOptions) => {
      const wishes = await wishesOf(options.entity)
      await withModel(options, context, (looked) => count(looked, { wishes, roots: fileRoots(options.files), context }))
    })
}

function withDatabase(command: Command): Command {
  return command
    .requiredOption('--database <name=url>', 'the PostgreSQL database, without a password in the URL', collectNamed)
    .option('--settings <file>', "the system's settings: its entity model")
    .option('--json', 'end with one line of JSON on stdout')
}

async function withModel(
  options: EntityOptions,
  { signal }: CommandContext,
  work: (looked: Looked) => Promise<void> | void,
): Promise<void> {
  const [database, second] = databaseTargets(options.database)
  if (!database || second) throw new Fault('USAGE', 'give one --database: entities are looked at one database at a time')
  const settings = await readSettings(options.settings)
  const source = database.name
  await using connection = await connect(database.target, signal)
  await inOneView(connection, async () =>
    work({ connection, settings, source, found: await discover(connection, settings.entities ?? noModel, source) }),
  )
}

interface Looked {
  readonly connection: Connection
  readonly settings: SystemSettings
  /** The name of the database in the system. */
  readonly source: string
  readonly found: Discovered
}

function show(output: Output, { model, warnings }: Discovered): void {
  for (const { name, table, key, isProposed } of model.kinds)
    output.line(`kind       ${name}: ${printTable(table)}, known by ${key}${isProposed ? ' (proposed)' : ''}`)
  if (model.kinds.length === 0) output.line('kind       none is proposed: name a table and its key in the settings, under entities.kinds')
  for (const { table, root, pattern } of model.files) output.line(`files      ${printTable(table)}: ${pattern} below ${root}`)
  for (const edge of model.edges) output.line(`${edge.ownership.padEnd(11)}${printEdge(edge)}: ${edge.because}`)
  for (const { table, fact } of warnings) output.line(`NOTE       ${table}: ${fact}`)
  output.result({
    status: 'completed',
    kinds: model.kinds.map(({ name, table, key, isProposed }) => ({ name, table: printTable(table), key, isProposed })),
    edges: model.edges.map((edge) => ({
      kind: edge.kind,
      child: printTable(edge.child),
      columns: edge.columns,
      parent: printTable(edge.parent),
      ownership: edge.ownership,
      because: edge.because,
      isIndexed: edge.isIndexed,
    })),
    files: model.files.map(({ table, root, pattern }) => ({ table: printTable(table), root, pattern })),
    warnings,
  })
}

function printEdge({ child, columns, parent }: ModelEdge): string {
  return `${printTable(child)} (${columns.join(', ')}) → ${printTable(parent)}`
}

interface CountOrder {
  readonly wishes: readonly EntityWish[]
  readonly roots: ReturnType<typeof fileRoots>
  readonly context: CommandContext
}

async function count({ connection, settings, source, found }: Looked, { wishes, roots, context }: CountOrder): Promise<void> {
  const { model, warnings } = found
  const { output, signal } = context
  const closure = await closureOf(connection, model, wishes)
  const { counts } = closure
  for (const { table, own, needed } of counts)
    output.line(
      `${printTable(table).padEnd(40)} ${printCount(own).padStart(12)} rows${needed === 0 ? '' : `, and ${printCount(needed)} that have to exist`}`,
    )
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  const [own, needed] = [sum(counts.map((one) => one.own)), sum(counts.map((one) => one.needed))]
  output.line(`${'in all'.padEnd(40)} ${printCount(own).padStart(12)} rows, and ${printCount(needed)} that have to exist`)
  for (const { table, fact } of warnings.filter(({ kind }) => kind === 'polymorphic')) output.line(`NOT COVERED ${table}: ${fact}`)
  const { roots: selections, refused } = await filesOfEntity(connection, closure, {
    model,
    fileReferences: settings.fileReferences,
    source,
  })
  const files = []
  for (const { name, path } of roots) {
    const selection = selections.get(name)
    if (!selection) throw new Fault('USAGE', `no setting says which files below ${name} belong to a row of ${source}`, { root: name })
    files.push({ root: name, ...(await countFiles({ path, exclude: settings.exclude[name] ?? [] }, selection, signal)) })
  }
  for (const one of files)
    output.line(
      `${`files below ${one.root}`.padEnd(40)} ${printCount(one.own).padStart(12)} files, and ${printCount(one.needed)} that other rows name as well, ${printBytes(one.bytes)}`,
    )
  for (const { root, what, count: values, first } of refused)
    output.line(`NOT A PATH ${what}: ${printCount(values)} values are no path below ${root}, first ${first.join(', ')}`)
  output.result({
    status: 'completed',
    own,
    needed,
    tables: counts.map((one) => ({ table: printTable(one.table), own: one.own, needed: one.needed })),
    notCovered: warnings.filter(({ kind }) => kind === 'polymorphic').map(({ table }) => table),
    files,
    refused,
  })
}
