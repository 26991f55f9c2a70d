import type { Command } from 'commander'
import { Option } from 'commander'
import { alerts, type AlertView } from '#contract/alerts.ts'
import { severities, type Severity } from '#contract/notice-kinds.ts'
import type { CommandContext } from '#cli/command.ts'
import { clientFor } from '#cli/online/connection.ts'
import { withServer, type ServerOptions } from '#cli/server.ts'
import { wholeNumber } from '#cli/options.ts'

interface ListOptions extends ServerOptions {
  readonly state: 'open' | 'settled' | 'all'
  readonly severity?: Severity
  readonly page: number
}

interface NoteOptions extends ServerOptions {
  readonly note: string
}

export function addAlerts(program: Command, context: CommandContext): void {
  const group = program.command('alerts').description('what is in doubt, until it is settled')
  withServer(group.command('list'))
    .description('the alerts, the newest first')
    .addOption(new Option('--state <state>', 'only those').choices(['open', 'settled', 'all']).default('open'))
    .addOption(new Option('--severity <severity>', 'only those').choices(severities))
    .option('--page <number>', 'which page of 25', wholeNumber(1, 1_000_000), 1)
    .option('--json', 'end with one line of JSON on stdout')
    .action((options: ListOptions) => list(options, context))
  const one = (name: 'acknowledge' | 'settle', description: string) =>
    withServer(group.command(name))
      .description(description)
      .argument('<alert>', 'id of the alert')
      .requiredOption('--note <text>', 'why, or who takes care of it')
      .option('--json', 'end with one line of JSON on stdout')
      .action((id: string, options: NoteOptions) => act(name, { id, options }, context))
  one('acknowledge', 'say that somebody takes care of it; people are not told of it again')
  one('settle', 'close an alert by hand; when it is found so again, it opens again')
}

async function list({ state, severity, page, ...options }: ListOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const found = await client.call(alerts.list, { query: { state, page, ...(severity && { severity }) }, signal })
  if (found.total === 0) output.note(state === 'open' ? 'Nothing is in doubt.' : 'There is no alert.')
  for (const alert of found.rows) {
    output.line(`${alert.id}  ${alert.openedAt}  ${alert.severity.padEnd(8)}  ${alert.fact}`)
    output.line(`    ${standingOf(alert)}`)
  }
  output.result({ status: 'completed', ...found })
}

function standingOf({ hint, acknowledgedBy, acknowledgedNote, settledAt, settledBecause }: AlertView): string {
  if (settledAt !== null) return `settled at ${settledAt}: ${settledBecause}`
  return acknowledgedBy === null ? hint : `${acknowledgedBy} takes care of it: ${acknowledgedNote}`
}

async function act(
  verb: 'acknowledge' | 'settle',
  { id, options }: { readonly id: string; readonly options: NoteOptions },
  { output, signal }: CommandContext,
): Promise<void> {
  const client = await clientFor(options)
  const alert = await client.call(alerts[verb], { params: { id }, body: { note: options.note }, signal })
  output.line(`${alert.title}: ${verb === 'settle' ? 'settled' : 'acknowledged'}`)
  output.result({ status: 'completed', alert })
}
