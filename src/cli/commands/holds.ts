import type { Command } from 'commander'
import { Option } from 'commander'
import { holds } from '#contract/holds.ts'
import type { CommandContext } from '#cli/command.ts'
import { clientFor } from '#cli/online/connection.ts'
import { neededSignature, type SignatureOptions } from '#cli/online/signature.ts'
import { systemNamed } from '#cli/online/systems.ts'
import { wholeNumber } from '#cli/options.ts'
import { withServer, withSignature, type ServerOptions } from '#cli/server.ts'

interface ListOptions extends ServerOptions {
  readonly state: 'active' | 'released' | 'all'
  readonly backups?: boolean
  readonly page: number
}

interface PlaceOptions extends ServerOptions {
  readonly backup?: string
  readonly system?: string
  readonly from?: string
  readonly to?: string
  readonly tenant?: string
  readonly reason: string
  readonly reference: string
}

export function addHolds(program: Command, context: CommandContext): void {
  const group = program.command('holds').description('legal holds: what is never deleted until somebody signs that it may be')
  withServer(group.command('list'))
    .description('the holds, the newest first')
    .addOption(new Option('--state <state>', 'only those').choices(['active', 'released', 'all']).default('active'))
    .option('--backups', 'which backups are held instead, and by what')
    .option('--page <number>', 'which page of 25', wholeNumber(1, 1_000_000), 1)
    .option('--json', 'end with one line of JSON on stdout')
    .action((options: ListOptions) => list(options, context))
  withServer(group.command('place'))
    .description('hold a backup, or those of a system, of a time, or of both')
    .option('--backup <id>', 'one backup')
    .option('--system <name>', 'those of this system')
    .option('--from <instant>', 'made at or after, such as 2026-01-01T00:00:00Z')
    .option('--to <instant>', 'made before')
    .option('--tenant <id>', 'of which organization, where there are several')
    .requiredOption('--reason <text>', 'why; no names of patients')
    .requiredOption('--reference <text>', 'the matter, such as a docket number')
    .option('--json', 'end with one line of JSON on stdout')
    .action((options: PlaceOptions) => place(options, context))
  withSignature(group.command('release'))
    .description('release a hold, signed')
    .argument('<hold>', 'id of the hold')
    .requiredOption('--reason <text>', 'why, for the trail')
    .option('--json', 'end with one line of JSON on stdout')
    .action((id: string, options: ServerOptions & SignatureOptions & { readonly reason: string }) => release(id, options, context))
}

async function list({ state, page, backups, ...options }: ListOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  if (backups) {
    const found = await client.call(holds.held, { query: { page }, signal })
    for (const one of found.rows) {
      const why = one.holds.map(({ reference, reason }) => `${reference}: ${reason}`).join('; ')
      output.line(`${one.backupId}  ${one.createdAt}  ${one.systemName}  ${why}`)
    }
    return output.result({ status: 'completed', ...found })
  }
  const found = await client.call(holds.list, { query: { page, state }, signal })
  if (found.total === 0) output.note('There is no hold.')
  for (const one of found.rows) {
    const end = one.releasedAt === null ? `holds ${one.held}` : `released ${one.releasedAt} by ${one.releasedBy}`
    output.line(`${one.id}  ${one.placedAt}  ${one.reference}: ${one.reason}  ${one.covers}  ${end}`)
  }
  output.result({ status: 'completed', ...found })
}

async function place(options: PlaceOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const { backup, system, from, to, tenant, reason, reference } = options
  const systemId = system === undefined ? undefined : (await systemNamed(client, system, signal)).id
  const given = { backupId: backup, systemId, from, to, tenantId: tenant }
  const body = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const placed = await client.call(holds.place, { body: { ...body, reason, reference }, signal })
  output.line(`Hold ${placed.hold.id}: ${placed.fact}.`)
  output.result({ status: 'completed', ...placed })
}

async function release(
  id: string,
  options: ServerOptions & SignatureOptions & { readonly reason: string },
  { output, signal }: CommandContext,
): Promise<void> {
  const client = await clientFor(options)
  const body = { reason: options.reason, signature: await neededSignature(options) }
  const hold = await client.call(holds.release, { params: { id }, body, signal })
  output.line(`Released: ${hold.reference}, ${hold.covers}.`)
  output.result({ status: 'completed', hold })
}
