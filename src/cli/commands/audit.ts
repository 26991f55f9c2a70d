import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { Option, type Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { Fault, messageOf } from '#base/fault.ts'
import { printCount } from '#base/units.ts'
import { systemRandom } from '#host/random.ts'
import { readCopies, type RepositoryCopies } from '#service/audit/copies.ts'
import { activeRepositories } from '#service/audit/copies.store.ts'
import { trailKeysFrom } from '#service/audit/trail-keys.ts'
import type { TrailReport } from '#service/audit/trail-verifier.ts'
import { verifyCatalog } from '#service/audit/verify-catalog.ts'
import { verifyExport } from '#service/audit/verify-export.ts'
import { everything } from '#service/catalog/scope.ts'
import { visitCatalog } from '#service/catalog/visit.ts'
import { readConfig } from '#service/config.ts'
import { sealingKey, sealingWith } from '#service/seal.ts'
import type { CommandContext } from '#cli/command.ts'
import type { TrailExportOptions, TrailListOptions } from '#cli/online/audit.ts'
import { wholeNumber } from '#cli/options.ts'
import type { Output } from '#cli/output.ts'
import { withServer } from '#cli/server.ts'
import { defaultDataDirectory } from '#cli/service-data.ts'

interface VerifyOptions {
  readonly data?: string
  readonly fingerprint?: string
  readonly repositories: boolean
  readonly json?: boolean
}

export function addAudit(program: Command, context: CommandContext): void {
  const group = program.command('audit').description('the trail of who did what')
  group
    .command('verify')
    .description('say whether anybody changed the trail, and which event')
    .argument('[file]', 'an exported trail, - for standard input; the catalog of this installation when absent')
    .option('--data <directory>', 'of the service, which may run or not (default: as `serve`)')
    .option('--fingerprint <hex>', 'of the key that must have signed the export')
    .option('--no-repositories', 'do not ask the repositories for their copies of checkpoints')
    .option('--json', 'end with one line of JSON on stdout')
    .action((file: string | undefined, options: VerifyOptions) =>
      file === undefined ? verifyInstallation(options, context) : verifyFile(file, options, context),
    )
  addOnline(group, context)
}

function addOnline(group: Command, context: CommandContext): void {
  withServer(group.command('list'))
    .description('the trail of a service, newest first')
    .option('--page <number>', 'which page of 50', wholeNumber(1, 1_000_000), 1)
    .option('--search <text>', 'anywhere in the action, the actor, the subject or the reason')
    .addOption(new Option('--outcome <outcome>', 'only those').choices(['done', 'refused']))
    .option('--json', 'end with one line of JSON on stdout')
    .action(async (options: TrailListOptions) => await (await import('#cli/online/audit.ts')).listTrail(options, context))
  withServer(group.command('export'))
    .description('write the trail of a service to a file that anybody can verify')
    .requiredOption('--out <file>', 'a new file')
    .option('--from <instant>', 'from then on, such as 2026-01-01T00:00:00Z')
    .option('--to <instant>', 'until then')
    .option('--json', 'end with one line of JSON on stdout')
    .action(async (options: TrailExportOptions) => await (await import('#cli/online/audit.ts')).exportTrail(options, context))
}

async function verifyFile(file: string, { fingerprint }: VerifyOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context
  const report = await verifyExport(await bytesOf(file), { fingerprint }, signal)
  const { header } = report
  output.line(`export     made ${header.at} by ${header.by}${header.tenants === null ? '' : ` for ${header.tenants.length} tenants`}`)
  output.line(`signed by  ${report.fingerprint}`)
  sayReport(report, context)
  for (const proof of report.proves) output.line(`proves     ${proof}`)
  for (const limit of report.doesNotProve) output.line(`not        ${limit}`)
  output.result({ status: report.isWhole ? 'completed' : 'failed', ...report })
}

async function bytesOf(file: string): Promise<AsyncIterable<Uint8Array>> {
  if (file === '-') return process.stdin
  try {
    await stat(file)
  } catch (cause) {
    throw new Fault('INPUT_INVALID', `the export cannot be read: ${messageOf(cause)}`, { file }, { cause })
  }
  return createReadStream(file)
}

async function verifyInstallation({ data, repositories }: VerifyOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context
  const config = readConfig({ data }, defaultDataDirectory())
  await using catalog = await visitCatalog(config, systemClock)
  const key = await sealingKey(await presentKey(config.dataDirectory))
  const [trail, sealing] = [trailKeysFrom(key), sealingWith(key)]
  const rows = repositories ? await catalog.as(everything, activeRepositories) : []
  const copies = await readCopies({ clock: systemClock, random: systemRandom, sealing, trail }, rows, signal)
  const report = await verifyCatalog({ catalog, trail, outside: copies.flatMap(({ found }) => found) }, signal)
  for (const copy of copies) sayCopies(copy, output)
  sayReport(report, context)
  output.result({
    status: report.isWhole ? 'completed' : 'failed',
    ...report,
    repositories: copies.map(({ id, name, found, problem }) => ({ id, name, copies: found.length, problem })),
  })
}

/** A new one would open nothing. */
async function presentKey(dataDirectory: string): Promise<string> {
  const file = path.join(dataDirectory, 'sealing.key')
  try {
    await stat(file)
    return file
  } catch (cause) {
    throw new Fault('SECRET_KEY', `the sealing key ${file} cannot be read: ${messageOf(cause)}`, { file }, { cause })
  }
}

function sayCopies({ name, found, problem }: RepositoryCopies, output: Output): void {
  const said = problem ?? (found.length === 0 ? 'no copy yet' : `${found.length} copies, up to event ${found.at(-1)!.checkpoint.seq}`)
  output.line(`repository ${name}: ${said}`)
}

function sayReport(report: TrailReport, { output, end }: CommandContext): void {
  const { events, others, firstSeq, lastSeq, checkpoints, keys, findings, findingCount } = report
  output.line(
    `events     ${printCount(events)}, from ${firstSeq} to ${lastSeq}${others > 0 ? `, and ${printCount(others)} by their hash alone` : ''}`,
  )
  output.line(`statements ${printCount(checkpoints)} checkpoints compared`)
  for (const { fingerprint } of keys) output.line(`key        ${fingerprint}`)
  for (const { kind, seq, id, at, fact } of findings)
    output.line(`CHANGED    event ${seq}${id === null ? '' : ` (${id}, ${at})`}: ${kind}: ${fact}`)
  if (findingCount > findings.length) output.line(`CHANGED    ${findingCount} findings in all`)
  output.line(report.isWhole ? 'whole      nobody changed the trail' : 'CHANGED    the trail is not as it was written')
  if (!report.isWhole) end(1)
}
