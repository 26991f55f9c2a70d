import type { Command } from 'commander'
import { Fault } from '#base/fault.ts'
import { masksSchema, type SystemSettings } from '#base/settings.ts'
import { printCount } from '#base/units.ts'
import { randomHex, systemRandom } from '#host/random.ts'
import { keyOf, printPlace } from '#engine/masking/column-links.ts'
import { askedOf, planOfDatabase } from '#engine/masking/plan-of-database.ts'
import { proposeMasks } from '#engine/masking/propose.ts'
import { printSanitization } from '#engine/masking/sanitization.ts'
import type { MaskPlan } from '#engine/masking/planned-mask.ts'
import { scanDatabase, type Finding, type Scan } from '#engine/masking/scan.ts'
import { tryMasks } from '#engine/masking/try-masks.ts'
import { connect, type Connection } from '#engine/sources/postgres/connection.ts'
import { inReadOnlyView } from '#engine/sources/postgres/reading-session.ts'
import { sampledRowsMax } from '#engine/sources/postgres/sample-columns.ts'
import type { CommandContext } from '#cli/command.ts'
import { addMaskedCopy } from './masks-copy.ts'
import { collectNamed, databaseTargets, readSettings, type Named } from '#cli/options.ts'
import type { Output } from '#cli/output.ts'

interface MaskOptions {
  readonly database?: readonly Named[]
  readonly settings?: string
}

export function addMasks(program: Command, context: CommandContext): void {
  const group = program.command('masks').description('what a masked backup would hold otherwise than the database does')
  withDatabase(group.command('scan'))
    .description('propose masks for columns that look like identifiers, by names, types and some values; changes nothing, prints no value')
    .action((options: MaskOptions) => inDatabase(options, context, scan))
  addMaskedCopy(group, context)
  withDatabase(group.command('plan'))
    .description('say which columns the settings mask, and which look like identifiers and are not masked; changes nothing')
    .requiredOption('--settings <file>', "the system's settings: its masks")
    .action((options: MaskOptions) => inDatabase(options, context, plan))
}

function withDatabase(command: Command): Command {
  return command
    .requiredOption('--database <name=url>', 'the PostgreSQL database, without a password in the URL', collectNamed)
    .option('--json', 'end with one line of JSON on stdout')
}

interface Looked {
  readonly connection: Connection
  readonly settings: SystemSettings
  /** The name of the database in the system. */
  readonly name: string
  readonly output: Output
}

async function inDatabase(
  options: MaskOptions,
  { output, signal }: CommandContext,
  work: (looked: Looked) => Promise<void>,
): Promise<void> {
  const [database, second] = databaseTargets(options.database)
  if (!database || second) throw new Fault('USAGE', 'give one --database: masks are looked at one database at a time')
  const settings = await readSettings(options.settings)
  await using connection = await connect(database.target, signal)
  await inReadOnlyView(connection, () => work({ connection, settings, name: database.name, output }))
}

async function scan({ connection, name, output }: Looked): Promise<void> {
  const { catalog } = await planOfDatabase(connection, { masks: masksSchema.parse({}) }, name)
  const scanned = await scanDatabase(connection, catalog)
  const proposals = await proposeMasks(catalog, scanned.findings, askedOf(connection, name))
  for (const { finding, rule, refused } of proposals) {
    output.line(`${(rule?.mask ?? 'NO MASK').padEnd(9)} ${printFinding(finding)}`)
    if (refused !== undefined) output.line(`          ${refused}`)
  }
  showUnread(output, scanned)
  // What follows a column that is proposed as well needs no rule of its own.
  const masks = { columns: proposals.flatMap(({ rule }) => (rule ? [rule] : [])) }
  output.line('')
  output.line('For the settings, to be read and corrected:')
  output.line(JSON.stringify({ masks }, null, 2))
  output.result({
    status: 'completed',
    findings: proposals.map(({ finding, rule, refused }) => ({ ...told(finding), rule: rule ?? null, refused: refused ?? null })),
    unread: scanned.unread.map(({ why, ...place }) => ({ column: printPlace(place), why })),
    masks,
  })
}

async function plan({ connection, settings, name, output }: Looked): Promise<void> {
  if (!settings.masks) throw new Fault('MASK_SETTINGS', 'the settings have no masks', { field: 'masks' })
  const { plan: planned, catalog } = await planOfDatabase(connection, { masks: settings.masks, entities: settings.entities }, name)
  const scanned = await scanDatabase(connection, catalog)
  const covered = new Set(planned.columns.map(keyOf))
  const gone = new Set(planned.excluded.map(({ oid }) => oid))
  const open = scanned.findings.filter((finding) => !covered.has(keyOf(finding)) && !gone.has(finding.table.oid))
  for (const one of planned.columns) output.line(`${one.rule.mask.padEnd(9)} ${printPlace(one)}: ${one.because}`)
  for (const table of planned.excluded) output.line(`left out  ${table.schema}.${table.name}: all rows`)
  for (const line of planned.warnings) output.line(`NOTE      ${line}`)
  for (const finding of open) output.line(`NOT MASKED ${printFinding(finding)}`)
  showUnread(output, scanned)
  const trial = await showTrial(output, connection, planned)
  const { columns, excludedTables } = printSanitization(name, planned)
  output.result({ status: 'completed', columns, excludedTables, warnings: planned.warnings, notMasked: open.map(told), ...trial })
}

/** With a key of the moment, since here is no repository: whether a constraint holds seldom depends on the key. The first that does not is thrown. */
async function showTrial(output: Output, connection: Connection, planned: MaskPlan) {
  const { broken, untried, rows, isAll } = await tryMasks(connection, planned, Buffer.from(randomHex(systemRandom, 64), 'hex'))
  for (const fault of broken) output.line(`BREAKS    ${fault.message}`)
  for (const line of untried) output.line(`NOT TRIED ${line}`)
  const [first] = broken
  if (first) throw first
  output.line(`Tried on   ${printCount(rows)} rows, ${isAll ? 'all' : 'not all'} of the masked tables: constraints and keys hold`)
  return { tried: { rows, isAll }, untried }
}

function showUnread(output: Output, { unread }: Scan): void {
  output.line(
    `Looked at  names and types of all columns, and at up to ${printCount(sampledRowsMax)} rows of each table; not at files, large objects and definitions`,
  )
  for (const { why, ...place } of unread) output.line(`UNSEEN    ${printPlace(place)}: ${why}`)
}

function printFinding(finding: Finding): string {
  return `${printPlace(finding)}: ${finding.kind} (${finding.paragraph}): ${finding.because.join('; ')}`
}

function told(finding: Finding) {
  const { kind, paragraph, because } = finding
  return { column: printPlace(finding), kind, paragraph, because }
}
